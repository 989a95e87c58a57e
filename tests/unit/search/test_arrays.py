"""Searches over arrays find what those over tensors find, from the same logits."""

from dataclasses import replace

import pytest
from helpers.array_hypotheses import same
from helpers.array_scorer import Arrays
from helpers.searches import PENALTIES, fixed, padded, scorer, sentences

from nmt.runtime.errors import ModelError
from nmt.search import limits
from nmt.search.arrays import beam as array_beam
from nmt.search.arrays import scorer as array_scorer
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.length_penalties.none import NoLengthPenalty

SOURCES = padded(sentences(3, [1, 4, 2, 9, 6, 3, 1, 7, 5, 2]))


def tied(model):
    """Logits of which many are equal."""
    return replace(model, table=model.table.round())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("make", [lambda model: model, tied])
def test_a_beam_of_size_1_equals_greedy_search(seed, make):
    model = make(scorer(seed, 23, end=1.0))
    expected = Greedy(1.5, 3)(model, SOURCES)
    search = array_beam.Beam(1, 1, NoLengthPenalty(), 1.5, 3)
    same(search(Arrays(model), SOURCES.numpy()), expected)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize(("size", "best"), [(1, 1), (2, 1), (5, 1), (5, 5), (30, 3)])
@pytest.mark.parametrize("make", [lambda model: model, tied])
def test_beam_search_over_arrays_equals_that_over_tensors(penalty, size, best, make):
    for seed in range(3):
        model = make(scorer(seed, 23, end=1.0))
        expected = Beam(size, best, penalty, 1.5, 3)(model, SOURCES)
        search = array_beam.Beam(size, best, penalty, 1.5, 3)
        same(search(Arrays(model), SOURCES.numpy()), expected)


def test_translations_without_end_have_the_maximum_length():
    model = scorer(1, 23, end=-50.0)
    for ours, theirs in (
        (array_beam.Beam(1, 1, NoLengthPenalty(), 0.5, 1), Greedy(0.5, 1)),
        (array_beam.Beam(3, 2, PENALTIES[0], 0.5, 1), Beam(3, 2, PENALTIES[0], 0.5, 1)),
    ):
        same(ours(Arrays(model), SOURCES.numpy()), theirs(model, SOURCES))


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.1, 2.0, 1e30])
def test_limits_of_length_equal_those_of_tensors(factor):
    expected = limits.limits(SOURCES, factor, 2)
    assert array_scorer.limits(SOURCES.numpy(), factor, 2).tolist() == expected.tolist()


def test_scores_that_are_not_finite_are_reported():
    broken = Arrays(fixed([[float("nan")] * 9] * 9))
    for size in (1, 2):
        with pytest.raises(ModelError, match="weights are broken"):
            array_beam.Beam(size, 1, PENALTIES[0], 1.0, 1)(broken, SOURCES.numpy())
