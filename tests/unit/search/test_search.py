import itertools
import math
from dataclasses import replace

import pytest
import torch
from helpers.searches import (
    PENALTIES,
    fixed,
    forced,
    logits,
    padded,
    reference_beam,
    same,
    scorer,
    sentences,
)

from nmt.data.special_ids import END
from nmt.runtime.errors import ConfigurationError, ModelError
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.hypothesis import Hypothesis
from nmt.search.length_penalties.average import Average
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.length_penalties.none import NoLengthPenalty
from nmt.search.sample import Sample
from nmt.search.top_k import best


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("end", [-1.0, 1.0])
def test_beam_search_finds_the_whole_lists_of_a_plain_one(penalty, seed, end):
    model = scorer(seed, 24, end=end)
    rows = sentences(seed, [1, 3, 7, 2, 5, 3, 0])
    for size, count in [(1, 1), (3, 1), (4, 4), (6, 2)]:
        search = Beam(size, count, penalty, 1.0, 3)
        for row, hypotheses in zip(rows, search(model, padded(rows)), strict=True):
            expected = reference_beam(model, row, size, penalty, len(row) + 3)
            same(hypotheses, expected[:count])


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
def test_every_log_probability_is_that_of_forced_scoring(penalty):
    model = scorer(5, 40, end=1.0)
    rows = sentences(5, [4, 1, 6, 2])
    searches = [
        Beam(6, 6, penalty, 2.0, 2),
        Greedy(2.0, 2),
        Sample(1.3, 10, 0.9, 1, 5, 2.0, 2),
    ]
    for search in searches:
        for row, hypotheses in zip(rows, search(model, padded(rows)), strict=True):
            for hypothesis in hypotheses:
                expected = forced(model, row, hypothesis.ids)
                assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
def test_a_beam_that_holds_everything_finds_what_enumeration_finds(penalty):
    model = scorer(11, 7)
    row, limit = [9, 12, END], 4
    everything = []
    for length in range(limit + 1):
        for ids in itertools.product([4, 5, 6], repeat=length):
            total = forced(model, row, ids)
            everything.append((penalty(total, length + 1), total, ids))
    everything.sort(key=lambda one: (-one[0], one[2]))
    hypotheses = Beam(400, 121, penalty, 0.0, limit)(model, torch.tensor([row]))[0]
    assert len(everything) == len(hypotheses) == 121
    same(hypotheses, everything)
    assert sum(math.exp(hypothesis.log_probability) for hypothesis in hypotheses) < 1


@pytest.mark.parametrize("seed", range(4))
def test_greedy_search_is_beam_search_of_size_1(seed):
    model = scorer(seed, 30, end=0.5)
    source = padded(sentences(seed, [3, 9, 1, 4, 4, 2, 12]))
    greedy = Greedy(1.5, 2)(model, source)
    for penalty in PENALTIES:
        for one, other in zip(greedy, Beam(1, 1, penalty, 1.5, 2)(model, source), strict=True):
            assert [each.ids for each in one] == [each.ids for each in other]
            assert one[0].log_probability == other[0].log_probability


SEARCHES = [
    Greedy(1.5, 3),
    Beam(4, 3, GNMT(0.6), 1.5, 3),
    Sample(1.0, 0, 0.95, 7, 3, 1.5, 3),
]


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: type(search).__name__)
def test_translations_do_not_depend_on_batch_padding_or_order(search):
    model = scorer(3, 30, end=0.5)
    rows = sentences(3, [3, 9, 1, 0, 4, 2, 12, 6])
    alone = [search(model, torch.tensor([row]))[0] for row in rows]
    assert search(model, padded(rows, more=5)) == alone
    assert search(model, padded(rows[::-1])) == alone[::-1]
    assert search(model, padded(rows[2:5])) == alone[2:5]


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: type(search).__name__)
def test_translations_have_at_most_the_limit_and_end_with_the_probability_of_end(search):
    model = scorer(3, 30, end=-9.0)
    rows = sentences(4, [2, 5, 1])
    for row, hypotheses in zip(rows, search(model, padded(rows)), strict=True):
        limit = int(1.5 * len(row)) + 3
        assert max(len(hypothesis.ids) for hypothesis in hypotheses) == limit
        for hypothesis in hypotheses:
            expected = forced(model, row, hypothesis.ids)
            assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: type(search).__name__)
def test_columns_of_a_shortlist_are_mapped_to_its_ids(search):
    columns = torch.tensor([1, 3, 8, 11, 20, 21])
    model = scorer(6, 30, columns=columns)
    rows = sentences(6, [3, 2, 6])
    for row, hypotheses in zip(rows, search(model, padded(rows)), strict=True):
        for hypothesis in hypotheses:
            assert set(hypothesis.ids) <= {8, 11, 20, 21}
            expected = forced(model, row, hypothesis.ids)
            assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)


def test_beam_search_over_a_shortlist_finds_the_lists_of_a_plain_one():
    model = scorer(6, 30, columns=torch.tensor([0, 2, 3, 8, 11, 20, 21, 29]))
    for row in sentences(6, [3, 2, 6]):
        hypotheses = Beam(5, 5, Average(), 1.0, 2)(model, torch.tensor([row]))[0]
        same(hypotheses, reference_beam(model, row, 5, Average(), len(row) + 2)[:5])


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: type(search).__name__)
def test_padding_unknown_and_begin_are_never_written(search):
    model = scorer(8, 12)
    model.table[:, :END] += 9.0
    rows = sentences(8, [4, 4, 2])
    for row, hypotheses in zip(rows, search(model, padded(rows)), strict=True):
        for hypothesis in hypotheses:
            assert min(hypothesis.ids, default=4) > END
            expected = forced(model, row, hypothesis.ids)
            assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)


def test_lists_are_sorted_distinct_and_complete():
    model = scorer(9, 60, end=0.5)
    rows = sentences(9, [6, 2, 9, 1])
    for hypotheses in Beam(8, 8, GNMT(0.6), 2.0, 4)(model, padded(rows)):
        assert len({hypothesis.ids for hypothesis in hypotheses}) == len(hypotheses) == 8
        assert [each.score for each in hypotheses] == sorted(
            (each.score for each in hypotheses), reverse=True
        )


def test_equal_pieces_are_taken_in_the_order_of_their_ids():
    row = [0.0] * 1000
    for piece in (700, 5, 900, 41, 7, 333):
        row[piece] = 6.0
    end = [0.0] * 1000
    end[END] = 30.0
    model = fixed([row, end])
    source = torch.tensor([[4, 5, END]] * 3)
    assert [n_best[0].ids for n_best in Greedy(1.0, 0)(model, source)] == [(5,)] * 3
    for hypotheses in Beam(4, 4, NoLengthPenalty(), 1.0, 0)(model, source):
        assert [hypothesis.ids for hypothesis in hypotheses] == [(5,), (7,), (41,), (333,)]


def test_best_returns_equal_values_lowest_column_first_also_at_the_cut():
    generator = torch.Generator().manual_seed(1)
    values = torch.randint(0, 9, (40, 200), generator=generator).float()
    values[3] = torch.randn(200, generator=generator)
    for count in (1, 3, 10, 199, 200, 300):
        top, columns = best(values, count)
        for row in range(40):
            order = sorted(range(200), key=lambda column: (-float(values[row, column]), column))
            assert columns[row].tolist() == order[:count]
            assert top[row].equal(values[row, columns[row]])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_best_takes_the_lowest_of_two_equal_columns_of_which_only_one_fits(count):
    generator = torch.Generator().manual_seed(2)
    values = torch.stack([torch.randperm(1000, generator=generator) for _ in range(50)]).float()
    values[values == 999 - count] = 1000.0 - count
    _, columns = best(values, count)
    for row in range(50):
        assert columns[row, -1] == (values[row] == 1000.0 - count).nonzero().min()


@pytest.mark.parametrize("columns", [255, 256, 1535, 1536, 1537, 7997])
@pytest.mark.parametrize("equal", [0, 1, 7])
def test_best_over_blocks_of_columns_is_best_over_all(columns, equal):
    generator = torch.Generator().manual_seed(columns)
    values = torch.randn(60, 3 + columns, generator=generator)[:, 3:]
    values = (values * equal).round() / equal if equal else values
    values[7, 5:] = -torch.inf
    values[8, : columns - 2] = -torch.inf
    for count in (1, 5):
        top, chosen = best(values, count)
        expected, order = values.sort(dim=1, descending=True, stable=True)
        assert top.equal(expected[:, :count])
        finite = top > -torch.inf
        assert chosen[finite].equal(order[:, :count][finite])
        assert chosen.min() >= 0 and chosen.max() < columns


def test_length_penalties_at_hand_computed_points():
    assert NoLengthPenalty()(-3.0, 7) == -3.0
    assert Average()(-3.0, 6) == -0.5
    assert GNMT(1.0)(-3.0, 7) == -1.5
    assert GNMT(0.5)(-3.0, 19) == -1.5
    assert GNMT(0.0)(-3.0, 19) == -3.0


def test_the_average_prefers_a_longer_translation_that_the_sum_does_not():
    model = fixed([logits([0, 0, 0, 0.45, 0.4, 0.15]), logits([0, 0, 0, 0.9, 0.1, 0])])
    source = torch.tensor([[4, END]])
    assert Beam(3, 1, NoLengthPenalty(), 1.0, 0)(model, source)[0][0].ids == ()
    assert Beam(3, 1, Average(), 1.0, 0)(model, source)[0][0].ids == (4,)


def test_search_continues_until_no_longer_translation_can_become_best():
    first, on = logits([0, 0, 0, 0.5, 0.2, 0.15, 0.15]), logits([0, 0, 0, 0, 1, 0, 0])
    model = fixed([first, *[on] * 5, logits([0, 0, 0, 1, 0, 0, 0])])
    source = torch.tensor([[4, END]])
    assert Beam(2, 1, Average(), 1.0, 8)(model, source)[0][0].ids == (4,) * 6
    assert Beam(2, 1, Average(), 1.0, 0)(model, source)[0][0].ids == ()


def count_samples(search, first, samples):
    """Count the first pieces of many samples of one sentence."""
    end = [-99.0] * len(first)
    end[END] = 9.0
    source = torch.tensor([[7, 8, 9, END]])
    hypotheses = replace(search, best=samples)(fixed([first, end]), source)[0]
    counts = [0] * len(first)
    for hypothesis in hypotheses:
        counts[hypothesis.ids[0] if hypothesis.ids else END] += 1
    return counts


def chi_square(counts, probabilities):
    total = sum(counts)
    assert all(count == 0 for count, p in zip(counts, probabilities, strict=True) if p == 0)
    return sum(
        (count - total * p) ** 2 / (total * p)
        for count, p in zip(counts, probabilities, strict=True)
        if p > 0
    )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_frequencies_of_samples_are_those_of_the_softmax(temperature):
    first = [-99.0, -99.0, -99.0, 0.3, 1.0, -0.5, 2.0, 0.0, 0.7]
    probabilities = torch.softmax(torch.tensor(first).double() / temperature, dim=0)
    probabilities = [0.0 if p < 1e-9 else p for p in probabilities.tolist()]
    counts = count_samples(Sample(temperature, 0, 1.0, 3, 1, 2.0, 5), first, 6000)
    assert chi_square(counts, probabilities) < 16.8  # 1 of 100 at 6 degrees of freedom is above


@pytest.mark.parametrize(
    ("top_k", "top_p", "left"),
    [
        (1, 1.0, {6}),
        (3, 1.0, {6, 5, 8}),
        (0, 0.39, {6}),
        (0, 0.41, {6, 5}),
        (0, 0.64, {6, 5}),
        (0, 0.66, {6, 5, 8}),
        (2, 0.61, {6}),
        (2, 0.63, {6, 5}),
        (0, 1.0, {3, 4, 5, 6, 7, 8}),
    ],
)
def test_top_k_and_top_p_cut_exactly_the_rest(top_k, top_p, left):
    probabilities = [0.0, 0.0, 0.0, 0.05, 0.1, 0.25, 0.4, 0.05, 0.15]
    search = Sample(1.0, top_k, top_p, 3, 1, 2.0, 5)
    counts = count_samples(search, logits(probabilities), 3000)
    assert {piece for piece, count in enumerate(counts) if count} == left
    mass = sum(probabilities[piece] for piece in left)
    expected = [p / mass if piece in left else 0.0 for piece, p in enumerate(probabilities)]
    assert chi_square(counts, expected) < 16


def test_translations_depend_on_the_seed_alone():
    model = scorer(2, 60)
    source = padded(sentences(2, [8, 3, 5, 9]))
    first = Sample(1.0, 0, 1.0, 1, 1, 2.0, 5)(model, source)
    assert Sample(1.0, 0, 1.0, 1, 1, 2.0, 5)(model, source) == first
    assert Sample(1.0, 0, 1.0, 2, 1, 2.0, 5)(model, source) != first


def test_more_samples_include_those_of_a_smaller_number():
    model = scorer(2, 60)
    source = padded(sentences(2, [8, 3, 5, 9]))
    few = Sample(1.0, 0, 1.0, 1, 2, 2.0, 5)(model, source)
    many = Sample(1.0, 0, 1.0, 1, 6, 2.0, 5)(model, source)
    for some, all_of_them in zip(few, many, strict=True):
        assert set(some) <= set(all_of_them)
        assert len(all_of_them) == 6
        assert len({hypothesis.ids for hypothesis in all_of_them}) > 1
        assert list(all_of_them) == sorted(all_of_them, key=lambda each: -each.score)


def test_sampling_at_a_low_temperature_equals_greedy_search():
    model = scorer(2, 60)
    source = padded(sentences(2, [8, 3, 5, 9]))
    assert Sample(1e-6, 0, 1.0, 1, 1, 2.0, 5)(model, source) == Greedy(2.0, 5)(model, source)


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: type(search).__name__)
def test_a_model_without_finite_scores_is_reported(search):
    model = scorer(2, 20)
    model.table[:] = math.nan
    with pytest.raises(ModelError, match="weights are broken, train it again"):
        search(model, torch.tensor([[5, END]]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Beam(0, 1, Average(), 1.0, 1), "search.size=0: expected 1 or more"),
        (
            lambda: Beam(3, 4, Average(), 1.0, 1),
            "search.best=4: expected 1 to search.size, which is 3",
        ),
        (lambda: Beam(3, 0, Average(), 1.0, 1), "search.best=0: expected"),
        (lambda: Greedy(-1.0, 1), "search.length_factor=-1.0: expected a finite number, 0 or"),
        (lambda: Greedy(math.inf, 1), "search.length_factor=inf: expected a finite number"),
        (lambda: Greedy(math.nan, 1), "search.length_factor=nan: expected a finite number"),
        (lambda: Greedy(1.0, -1), "search.length_extra=-1: expected 0 or more"),
        (lambda: Sample(0.0, 0, 1.0, 1, 1, 1.0, 1), "search.temperature=0.0: expected more than 0"),
        (lambda: Sample(1.0, -1, 1.0, 1, 1, 1.0, 1), "search.top_k=-1: expected"),
        (lambda: Sample(1.0, 0, 0.0, 1, 1, 1.0, 1), "search.top_p=0.0: expected"),
        (lambda: Sample(1.0, 0, 1.1, 1, 1, 1.0, 1), "search.top_p=1.1: expected"),
        (lambda: Sample(1.0, 0, 1.0, 1, 0, 1.0, 1), "search.best=0: expected"),
    ],
)
def test_numbers_out_of_range_are_refused_by_name(make, message):
    with pytest.raises(ConfigurationError, match=message):
        make()


def test_a_hypothesis_without_a_finite_log_probability_is_refused():
    with pytest.raises(ModelError, match="-inf, not a finite number"):
        Hypothesis((4,), -math.inf, 0.0)
