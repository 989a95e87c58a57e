import pytest

from nmt.training.schedules.constant import Constant
from nmt.training.schedules.inverse_square_root import InverseSquareRoot
from nmt.training.schedules.plateau import Plateau
from nmt.training.schedules.warmup_cosine import WarmupCosine


def test_the_cosine_grows_with_the_updates_and_falls_with_the_progress():
    schedule = WarmupCosine(peak_rate=2.0, warmup=10, final_share=0.1)
    assert schedule.rate(1, 0.0) == pytest.approx(0.2)
    assert schedule.rate(10, 0.0) == pytest.approx(2.0)
    assert schedule.rate(50, 0.5) == pytest.approx(2.0 * (0.1 + 0.9 * 0.5))
    assert schedule.rate(100, 1.0) == pytest.approx(0.2)
    assert schedule.rate(100, 1.5) == pytest.approx(0.2)


def test_a_warmup_of_zero_starts_at_the_peak():
    assert WarmupCosine(2.0, 0, 0.0).rate(1, 0.0) == 2.0
    assert Constant(2.0, 0).rate(1, 0.0) == 2.0


def test_the_inverse_square_root_is_highest_at_the_end_of_the_warmup():
    schedule = InverseSquareRoot(peak_rate=1.0, warmup=4)
    assert [schedule.rate(update, 0.0) for update in (1, 2, 4, 16)] == [0.25, 0.5, 1.0, 0.5]


def test_a_constant_rate_does_not_depend_on_progress():
    schedule = Constant(peak_rate=1.0, warmup=2)
    assert [schedule.rate(update, update / 3) for update in (1, 2, 3)] == [0.5, 1.0, 1.0]


def plateau():
    return Plateau(peak_rate=1.0, warmup=0, factor=0.5, patience=1, minimum_rate=0.2)


def rates(schedule, scores):
    result = []
    for score in scores:
        schedule.observe(score)
        result.append(schedule.rate(100, 0.5))
    return result


def test_a_plateau_falls_after_patience_and_not_below_its_minimum():
    scores = [1.0, 2.0, 2.0, 1.5, 3.0, 0.0, 0.0, 0.0, 0.0]
    assert rates(plateau(), scores) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2]


def test_a_restored_plateau_continues_where_the_other_stopped():
    first, second = plateau(), plateau()
    rates(first, [1.0, 2.0, 2.0])
    second.restore(first.state())
    assert rates(second, [1.5, 1.5, 1.5]) == rates(first, [1.5, 1.5, 1.5]) == [0.5, 0.5, 0.25]
