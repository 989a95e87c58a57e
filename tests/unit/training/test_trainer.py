import dataclasses
import logging
import math
import platform
import random
import signal
import sys
import time

import pytest
import torch
from helpers.trainers import (
    CPU,
    INTERVALS,
    PIECES,
    Data,
    Failing,
    Network,
    assert_equal,
    metrics,
    never_stop,
    trainer,
    updater,
)
from torch import nn

from nmt.data.batch import Batch
from nmt.models.parameters import weights
from nmt.models.precision import (
    AutomaticPrecision,
    BFloat16Precision,
    has_bfloat16,
)
from nmt.runtime import allocator, checks, device
from nmt.runtime.errors import ConfigurationError, NmtError
from nmt.runtime.signals import Interrupted
from nmt.training.averaging.best import BestCheckpoints
from nmt.training.averaging.nothing import NoAveraging
from nmt.training.checkpoints import Checkpoints
from nmt.training.limits import StoppingCriteria
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.training.optimizers import parameter_groups
from nmt.training.progress import TrainingState
from nmt.training.resumption.resumption import ForkRecord
from nmt.training.resumption.settings import RunSettings
from nmt.training.run import complete
from nmt.training.schedules.plateau import Plateau
from nmt.training.schedules.warmup_cosine import WarmupCosine
from nmt.training.validation.validation import Highest, Lowest


class Signalling(Data):
    """Data that send the process a signal before a certain batch."""

    def __init__(self, number, update):
        self.number, self.left = number, update

    def epoch(self, number, skip):
        for batch in super().epoch(number, skip):
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(self.number)
            yield batch


def saved(folder):
    """Return the newest training state."""
    return Checkpoints(folder, 2).newest()


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight")
    trainer(folder).train()
    return folder


@pytest.mark.parametrize("stop", [1, 3, 8, 10, 11, 20, 29])
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(straight, tmp_path, stop):
    with pytest.raises(Interrupted) as interrupted:
        trainer(tmp_path, Signalling(signal.SIGINT, stop)).train()
    assert interrupted.value.status == 130
    again = trainer(tmp_path, seed=77)
    random.seed(0)
    state = again.train()
    assert state.update == 18
    left, right = (saved(folder) for folder in (straight, tmp_path))
    assert_equal(left, right)
    assert metrics(straight) == metrics(tmp_path)
    best = [torch.load(folder / "best.pt", weights_only=True) for folder in (straight, tmp_path)]
    assert_equal(*best)


def test_a_state_lost_since_the_last_save_is_reproduced_bit_for_bit(straight, tmp_path):
    class Dying(Data):
        def epoch(self, number, skip):
            for index, batch in enumerate(super().epoch(number, skip)):
                if number == 3 and index == 4:
                    raise ZeroDivisionError
                yield batch

    with pytest.raises(ZeroDivisionError):
        trainer(tmp_path, Dying()).train()
    assert saved(tmp_path)["state"]["update"] == 8
    assert metrics(tmp_path)[-1]["update"] == 9
    trainer(tmp_path, seed=77).train()
    assert_equal(*(saved(folder) for folder in (straight, tmp_path)))
    assert metrics(straight) == metrics(tmp_path)


def test_a_signal_stops_a_validation_at_once_and_the_validation_is_repeated(straight, tmp_path):
    def loss_of(network, before):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(300)
        raise AssertionError("the signal was ignored")

    with pytest.raises(Interrupted) as interrupted:
        trainer(tmp_path, loss_of=loss_of).train()
    assert interrupted.value.status == 143
    trainer(tmp_path, seed=77).train()
    assert metrics(straight) == metrics(tmp_path)


@pytest.mark.parametrize("module", ["nmt.train", "benchmarks.recall"])
def test_an_interrupted_training_names_the_command_that_resumes_it(tmp_path, caplog, module):
    run = trainer(tmp_path, Signalling(signal.SIGINT, 3))
    settings = RunSettings(tmp_path / "config.yaml", {}, [])
    with caplog.at_level(logging.INFO), pytest.raises(SystemExit):
        complete(run, module, settings, None)
    assert f"the same command resumes: python -m {module}" in caplog.text


def test_a_second_signal_ends_the_training_at_once(tmp_path):
    class Twice(Data):
        def epoch(self, number, skip):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("the second signal was ignored")

    with pytest.raises(KeyboardInterrupt) as interrupted:
        trainer(tmp_path, Twice()).train()
    assert not isinstance(interrupted.value, Interrupted)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_finished_training_is_reported_and_changes_nothing(straight, caplog):
    before = {path: path.read_bytes() for path in straight.rglob("*") if path.is_file()}
    with caplog.at_level(logging.INFO):
        trainer(straight).train()
    assert "this training is finished (updates=18 reached); to continue, raise its limits" in (
        caplog.text
    )
    assert before == {path: path.read_bytes() for path in straight.rglob("*") if path.is_file()}


def test_a_finished_training_continues_when_its_limit_is_raised(tmp_path):
    trainer(tmp_path, stopping=StoppingCriteria(None, 4, None)).train()
    state = trainer(tmp_path, stopping=StoppingCriteria(None, 10, None)).train()
    assert (state.update, state.finished) == (10, True)
    assert [one["update"] for one in metrics(tmp_path) if one["kind"] == "update"] == [3, 6, 9]
    assert [one["update"] for one in metrics(tmp_path) if one["kind"] == "validation"] == [4, 8, 10]


def test_epochs_end_where_the_data_ends_even_if_the_last_update_has_fewer_batches(tmp_path):
    intervals = dataclasses.replace(INTERVALS, validate_every=None)
    state = trainer(
        tmp_path, stopping=StoppingCriteria(2.0, None, None), intervals=intervals
    ).train()
    assert (state.update, state.epoch, state.batches) == (6, 2, 0)
    validations = [one for one in metrics(tmp_path) if one["kind"] == "validation"]
    assert [(one["update"], one["epoch"]) for one in validations] == [(3, 1), (6, 2)]


def test_the_limit_may_be_a_fraction_of_an_epoch(tmp_path):
    assert trainer(tmp_path, stopping=StoppingCriteria(0.5, None, None)).train().rows >= 7.5


def test_training_stops_when_patience_is_exhausted(tmp_path, caplog):
    intervals = dataclasses.replace(INTERVALS, patience=2)
    with caplog.at_level(logging.INFO):
        state = trainer(
            tmp_path, intervals=intervals, loss_of=lambda _, before: float(before)
        ).train()
    assert state.update == 12
    assert "no better score or lower loss in 2 validations (patience=2)" in caplog.text
    with caplog.at_level(logging.INFO):
        assert trainer(tmp_path, intervals=intervals).train().update == 12
    assert "finished" in caplog.text


class ScoreOfUpdate:
    """A criterion other than the loss: its score of each validation is given."""

    def __init__(self, *scores):
        self.scores = iter(scores)

    def score(self, values):
        return float(next(self.scores))


@pytest.mark.parametrize(
    ("scores", "losses", "update"),
    [
        # The score improves at no later validation, as BLEU of a few lines that stays at 0.
        ([2.9, 1, 0, 0, 0], [9.0, 8.0, 7.0, 6.0, 5.0], 18),  # the loss falls throughout
        ([2.9, 1, 0, 0, 0], [9.0, 8.0, 7.0, 7.0, 7.5], 18),  # until the third
        ([2.9, 1, 0, 0, 0], [9.0, 8.0, 8.0, 8.5, 0], 16),  # until the second
        ([2.9, 1, 0, 0, 0], [9.0, 9.0, 9.5, 0, 0], 12),  # never
        ([2.9, 1, 0, 0, 0], [9.0, 9.5, 8.9, 9.0, 9.0], 18),  # at every other one
        ([1, 2, 3, 4, 5], [9.0, 9.5, 9.6, 9.7, 9.8], 18),  # the score alone improves
        ([1, 0, 0, 2, 0], [9.0, 9.5, 9.6, 0, 0], 12),
        ([1, 0, 0, 0, 0], [9.0, math.nan, math.nan, 0, 0], 12),
    ],
)
def test_a_validation_with_a_better_score_or_a_lower_loss_is_progress(
    tmp_path, scores, losses, update
):
    intervals = dataclasses.replace(INTERVALS, patience=2)
    run = trainer(
        tmp_path,
        intervals=intervals,
        loss_of=lambda _, before: float(losses[before]),
        averaging=NoAveraging(),
        criterion=ScoreOfUpdate(*scores),
    )
    assert run.train().update == update


@pytest.mark.parametrize("stop", [12, 20, 28])
def test_patience_counts_over_an_interruption_as_without_one(tmp_path, stop):
    losses = [9.0, 8.0, 8.5, 8.4, 8.3, 8.2]

    def run(name, data=None, before=0):
        return trainer(
            tmp_path / name,
            data,
            intervals=dataclasses.replace(INTERVALS, patience=2),
            loss_of=lambda _, number: losses[number + before],
            criterion=ScoreOfUpdate(*[2.9, 0, 0, 0, 0, 0][before:]),
        )

    run("straight").train()
    with pytest.raises(Interrupted):
        run("resumed", Signalling(signal.SIGINT, stop)).train()
    done = len([one for one in metrics(tmp_path / "resumed") if one["kind"] == "validation"])
    assert run("resumed", before=done).train().update == 16
    assert_equal(saved(tmp_path / "straight"), saved(tmp_path / "resumed"))


def test_the_mean_is_kept_if_it_is_the_best_and_training_keeps_its_own_weights(tmp_path, caplog):
    scores = [3.0, 2.0, 1.0, 5.0, 4.0, 0.5]
    run = trainer(tmp_path, loss_of=lambda _, before: scores[before], averaging=BestCheckpoints(2))
    with caplog.at_level(logging.INFO):
        run.train()
    kept = run.callbacks.kept
    assert [one.update for one in kept.checkpoints] == [8, 12]
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert_equal(best, kept.mean())
    state = saved(tmp_path)
    assert not torch.equal(state["updater"]["network"]["norm.weight"], best["norm.weight"])
    assert "the mean of 2 checkpoints scores -0.5; it is the model" in caplog.text
    assert [one["kind"] for one in metrics(tmp_path)][-1] == "average"


def test_a_mean_that_is_worse_is_not_kept(tmp_path, caplog):
    scores = [3.0, 2.0, 1.0, 5.0, 4.0, 1.5]
    with caplog.at_level(logging.INFO):
        trainer(tmp_path, loss_of=lambda _, before: scores[before]).train()
    assert "the best checkpoint, -1, stays" in caplog.text


def test_without_averaging_no_mean_is_validated(tmp_path):
    trainer(tmp_path, averaging=NoAveraging()).train()
    assert all(one["kind"] != "average" for one in metrics(tmp_path))


def test_updates_that_are_not_finite_are_skipped_counted_and_reported(tmp_path, caplog):
    run = trainer(tmp_path)
    run.updater.objective = Failing({2, 3, 5})
    run.train()
    assert run.state.skipped == 3
    message = "update 3 is skipped, its loss or gradient is not finite (2 skipped so far)"
    assert f"{message}; its lines are in {tmp_path}/update-3.json" in caplog.text
    assert all(one.isfinite().all() for one in run.updater.network.parameters())
    records = [one for one in metrics(tmp_path) if one["kind"] == "update"]
    assert [one["skipped"] for one in records] == [2, 3, 3, 3, 3, 3]
    assert all(one["loss"] > 0 for one in records)


def test_a_skipped_update_changes_no_weight(tmp_path):
    run = updater(objective=Failing({1}))
    before = weights(run.network)
    result = run.update(list(Data().epoch(0, 0)), 1, 0.1, never_stop)
    assert result.skip_reason is not None
    assert_equal(before, weights(run.network))
    run.update(list(Data().epoch(0, 0)), 2, 0.1, never_stop)
    assert not torch.equal(before["norm.bias"], run.network.norm.bias)


def test_too_many_skips_in_a_row_stop_the_training_with_advice(tmp_path):
    run = trainer(tmp_path)
    run.updater.objective = Failing({6, 7, 8})
    with pytest.raises(
        NmtError, match=r"3 updates in a row are skipped, the last \(8\) because its loss"
    ):
        run.train()
    assert saved(tmp_path)["state"]["update"] == 4


def test_weights_that_are_not_finite_never_replace_a_good_state(tmp_path):
    class Breaking(Data):
        def epoch(self, number, skip):
            for index, batch in enumerate(super().epoch(number, skip)):
                if number == 3 and index == 1:
                    with torch.no_grad():
                        run.updater.network.norm.bias[0] = math.inf
                yield batch

    run = trainer(tmp_path, Breaking(), intervals=dataclasses.replace(INTERVALS, save_seconds=0.0))
    with pytest.raises(NmtError, match="weights or the optimizer's averages are not finite"):
        run.train()
    assert saved(tmp_path)["state"]["update"] == 9
    assert saved(tmp_path)["updater"]["network"]["norm.bias"].isfinite().all()


def test_training_resumes_from_the_newest_intact_state_bit_for_bit(straight, tmp_path, caplog):
    with pytest.raises(Interrupted):
        trainer(tmp_path, Signalling(signal.SIGINT, 20)).train()
    newest = max(tmp_path.glob("state-*.pt"))
    newest.write_bytes(newest.read_bytes()[:-100])
    trainer(tmp_path, seed=77).train()
    assert f"{newest} is damaged" in caplog.text
    assert_equal(*map(saved, (straight, tmp_path)))
    assert metrics(straight) == metrics(tmp_path)


def test_a_missing_best_model_is_saved_by_the_next_validation(tmp_path, caplog):
    trainer(tmp_path).train()
    (tmp_path / "best.pt").unlink()
    again = trainer(tmp_path, intact=lambda: False)
    assert again.state.best == -math.inf
    before, kept = metrics(tmp_path), again.callbacks.kept.state()
    again.train()
    assert (tmp_path / "best.pt").exists() and again.state.finished
    assert metrics(tmp_path) == before and again.callbacks.kept.state() == kept
    assert "the best model is missing or damaged; the next validation saves one" in caplog.text


@pytest.mark.parametrize(
    ("key", "fresh"),
    [
        ("optimizer.betas", lambda run: run.updater.optimizer.state == {}),
        ("criterion._target_", lambda run: run.state.best == -math.inf),
        ("batches.budget", lambda run: run.state.batches == run.state.rows == 0),
        ("objective.smoothing", lambda run: False),
    ],
)
def test_a_fork_resets_what_depends_on_the_changed_setting(tmp_path, key, fresh):
    trainer(tmp_path, stopping=StoppingCriteria(None, 4, None)).train()
    plain = trainer(tmp_path)
    assert plain.state.batches and plain.updater.optimizer.state
    forked = trainer(tmp_path, forks=[ForkRecord(4, [key])])
    assert fresh(forked) is (key != "objective.smoothing")
    assert forked.state.update == 4
    assert_equal(forked.updater.network.state_dict(), plain.updater.network.state_dict())
    forked.stopping = StoppingCriteria(None, 6, None)
    forked.train()
    passed = trainer(tmp_path, forks=[ForkRecord(4, [key])])
    assert not fresh(passed), "a state saved after the fork has it behind it"


def test_a_validation_whose_state_was_never_saved_is_written_once(straight, tmp_path):
    class Killed(KeyboardInterrupt):
        pass

    def kill(network, update, score):
        raise Killed

    with pytest.raises(Interrupted):
        trainer(tmp_path, Signalling(signal.SIGTERM, 16)).train()
    again = trainer(tmp_path)
    again.callbacks.kept.add = kill
    with pytest.raises(Killed):
        again.train()
    assert metrics(tmp_path)[-1]["kind"] == "validation"
    trainer(tmp_path).train()
    assert metrics(straight) == metrics(tmp_path)


def test_a_fork_to_another_criterion_validates_a_finished_training_anew(tmp_path):
    trainer(tmp_path).train()
    forked = trainer(tmp_path, forks=[ForkRecord(18, ["criterion.name"])])
    assert not forked.callbacks.kept.checkpoints and not forked.state.finished
    assert forked.train().best > -math.inf
    assert [one["kind"] for one in metrics(tmp_path)].count("validation") == 5


def test_a_fork_in_the_middle_of_an_epoch_causes_no_validation(tmp_path):
    intervals = dataclasses.replace(INTERVALS, validate_every=None)
    trainer(tmp_path, stopping=StoppingCriteria(None, 4, None), intervals=intervals).train()
    before = len(metrics(tmp_path))
    forked = trainer(
        tmp_path,
        forks=[ForkRecord(4, ["seed"])],
        stopping=StoppingCriteria(None, 5, None),
        intervals=intervals,
    )
    assert forked.state.batches == 0
    forked.train()
    assert [one["update"] for one in metrics(tmp_path)[before:]] == [5]


def test_data_without_a_batch_is_refused(tmp_path):
    class Nothing(Data):
        batches = 0

    with pytest.raises(NmtError, match="the training data has no batch"):
        trainer(tmp_path, Nothing()).train()


def gradients(run, batches):
    run.network.eval()  # no dropout, although `update` asks for it
    run.network.dropout.p = 0.0
    run.update(batches, 1, 0.0, never_stop)
    return [parameter.grad.clone() for parameter in run.network.parameters()]


def test_accumulated_batches_equal_the_joined_batch():
    torch.manual_seed(3)
    network = Network()
    short = Batch(torch.tensor([[5, 3]]), torch.tensor([[2, 5, 3, 0, 0, 0]]))
    (full, *_) = Data().epoch(0, 0)
    sources = torch.cat([full.source, torch.tensor([[5, 3, 0, 0, 0]])])
    joined = Batch(sources, torch.cat([full.target, short.target]))
    both = gradients(updater(1e9, network=network), [full, short])
    once = gradients(updater(1e9, network=network), [joined])
    for left, right in zip(both, once, strict=True):
        torch.testing.assert_close(left, right)


def test_gradients_are_those_of_the_mean_loss_per_piece():
    torch.manual_seed(3)
    network = Network()
    (batch, *_) = Data().epoch(0, 0)
    result = gradients(updater(1e9, network=network), [batch])
    network.zero_grad()
    logits = network.logits(network(batch))
    nn.functional.cross_entropy(
        logits.flatten(0, 1), batch.labels.flatten(), label_smoothing=0.1
    ).backward()
    for left, parameter in zip(result, network.parameters(), strict=True):
        torch.testing.assert_close(left, parameter.grad)


def test_gradients_are_clipped_by_their_global_norm():
    torch.manual_seed(3)
    network = Network()
    batches = list(Data().epoch(0, 0))
    free = gradients(updater(1e9, network=network), batches)
    norm = torch.stack([one.norm() for one in free]).norm()
    run = updater(norm.item() / 4, network=network)
    clipped = gradients(run, batches)
    for left, right in zip(free, clipped, strict=True):
        torch.testing.assert_close(left, right * 4, rtol=1e-4, atol=1e-7)
    result = run.update(batches, 1, 0.0, never_stop)
    assert result.clipped
    assert result.gradient_norm == pytest.approx(norm.item(), rel=1e-5)


def test_weight_decay_applies_to_matrices_alone():
    decayed, others = parameter_groups(Network())
    assert [tuple(one.shape) for one in decayed["params"]] == [(PIECES, 6)]
    assert others["weight_decay"] == 0.0
    assert len(others["params"]) == 2


def test_the_schedule_observes_validations_and_is_restored(tmp_path):
    def plateau():
        return Plateau(0.1, 0, 0.5, 0, 0.0)

    run = trainer(
        tmp_path,
        stopping=StoppingCriteria(None, 12, None),
        loss_of=lambda _, before: float(before),
        schedule=plateau(),
    )
    run.train()
    assert run.spec.schedule.reductions == 2
    again = trainer(
        tmp_path,
        stopping=StoppingCriteria(None, 13, None),
        loss_of=lambda *_: 0.0,
        schedule=plateau(),
    )
    again.train()
    assert again.spec.schedule.reductions == 3


def test_the_state_is_saved_at_intervals(tmp_path):
    intervals = dataclasses.replace(INTERVALS, save_seconds=0.0, max_consecutive_skips=0)
    run = trainer(tmp_path, intervals=intervals)
    run.updater.objective = Failing({7})
    with pytest.raises(NmtError):
        run.train()
    assert saved(tmp_path)["state"]["update"] == 6


def test_a_training_without_any_limit_is_refused():
    with pytest.raises(ConfigurationError, match="epochs, updates and minutes are all null"):
        StoppingCriteria(None, None, None)


def test_a_limit_of_zero_is_refused():
    with pytest.raises(ConfigurationError, match=r"minutes=0\.0: expected a number above 0"):
        StoppingCriteria(None, None, 0.0)


def test_progress_is_that_of_the_nearest_limit():
    stopping = StoppingCriteria(4.0, 100, 10.0)
    assert stopping.share(TrainingState(update=10, epoch=1, rows=5, seconds=60.0), 10) == 0.375
    assert stopping.share(TrainingState(update=10, epoch=1, rows=5, seconds=300.0), 10) == 0.5
    assert stopping.share(TrainingState(update=90, epoch=1, rows=5, seconds=300.0), 10) == 0.9
    assert stopping.reached(TrainingState(update=100), 10) == "updates=100 reached"
    assert stopping.reached(TrainingState(seconds=600.0), 10) == "minutes=10 reached"


def test_criteria_select_by_name_and_list_the_names():
    values = {"loss": 2.0, "bleu": 30.0}
    assert Highest("bleu").score(values) == 30.0
    assert Lowest("loss").score(values) == -2.0
    with pytest.raises(ConfigurationError, match="expected one of: loss, bleu"):
        Highest("chrf").score(values)


def test_bfloat16_is_refused_where_the_processor_has_none(monkeypatch):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx512_f": True})
    assert not has_bfloat16(CPU)
    assert AutomaticPrecision().name(CPU) == "float32"
    with pytest.raises(ConfigurationError, match="this cpu has no bfloat16 instructions"):
        BFloat16Precision().autocast(CPU)


def test_bfloat16_is_used_where_the_processor_has_it(monkeypatch):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx512_bf16": True})
    assert AutomaticPrecision().name(CPU) == "bfloat16"
    with AutomaticPrecision().autocast(CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: dataclasses.replace(INTERVALS, accumulate=0),
            "accumulate=0: expected a whole number, 1 or",
        ),
        (
            lambda: dataclasses.replace(INTERVALS, report_every=0),
            "report_every=0: expected a number, 1",
        ),
        (
            lambda: dataclasses.replace(INTERVALS, validate_every=0),
            "validate_every=0: expected a numb",
        ),
        (
            lambda: dataclasses.replace(INTERVALS, patience=0),
            "patience=0: expected a number, 1 or more",
        ),
        (lambda: updater(clip_norm=0.0), r"clip_norm=0\.0: expected a number above 0"),
        (lambda: updater(clip_norm=math.nan), "clip_norm=nan: expected a number above 0"),
        (lambda: WarmupCosine(0.0, 1, 0.1), r"schedule\.peak_rate=0\.0: expected a number above 0"),
        (
            lambda: WarmupCosine(0.1, 1, 1.1),
            r"schedule\.final_share=1\.1: expected a number from 0",
        ),
        (lambda: CrossEntropy(-0.1, 1), r"objective\.smoothing=-0\.1: expected a number from 0 to"),
        (lambda: BestCheckpoints(0), r"averaging\.count=0: expected a number, 1 or more"),
    ],
)
def test_numbers_out_of_range_are_refused_by_their_keys(make, message):
    with pytest.raises(ConfigurationError, match=message):
        make()


def test_text_instead_of_numbers_is_refused():
    with pytest.raises(ConfigurationError, match="epochs=many: expected a number above 0"):
        checks.above("epochs", "many", 0)
    with pytest.raises(ConfigurationError, match="patience=long: expected a number, 1 or more"):
        checks.at_least("patience", "long", 1)


def test_devices_are_chosen_by_name():
    assert device.choose("cpu") == CPU
    assert device.choose("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ConfigurationError, match="device=gpu is no device; expected auto, cpu, c"):
        device.choose("gpu")
    for threads in (0, 1.5, float("inf"), float("nan"), "many", 10**9):
        message = f"threads={threads}: expected a whole number, 1 to 1024"
        with pytest.raises(ConfigurationError, match=message):
            device.set_threads(threads)


def test_keeping_freed_blocks_returns_whether_the_allocator_supports_it():
    assert allocator.keep_freed_blocks() is (
        sys.platform == "linux" and "glibc" in platform.libc_ver()
    )
