"""Minimum Bayes risk chooses the candidate with the highest expected metric, by a plain loop."""

import pytest
from sacrebleu import sentence_chrf

from nmt.evaluation.metrics.bleu import BLEU
from nmt.evaluation.metrics.chrf import ChrF
from nmt.evaluation.metrics.ter import TER
from nmt.inference.decisions.highest_score import HighestScore
from nmt.inference.decisions.minimum_bayes_risk import MinimumBayesRisk
from nmt.inference.translation import Candidate, Translation
from nmt.runtime.errors import NmtError

CHRF = MinimumBayesRisk(ChrF(6, 0, 2))
TEXTS = [
    "Six bananas.",
    "A dog runs in the snow.",
    "A dog runs through the snow.",
    "A dog runs through snow.",
    "A dog runs through the snow.",
    "Two cats.",
]


def translation(texts):
    candidates = [
        Candidate(text, -float(rank), -float(rank), ()) for rank, text in enumerate(texts)
    ]
    return Translation("a line", tuple(candidates))


def test_candidates_are_ranked_by_their_mean_metric_over_all():
    result = CHRF(translation(TEXTS))
    expected = {
        text: sum(sentence_chrf(text, [other]).score for other in TEXTS) / len(TEXTS)
        for text in TEXTS
    }
    assert [one.text for one in result.candidates] == sorted(TEXTS, key=lambda one: -expected[one])
    assert result.text == "A dog runs through the snow."
    for one in result.candidates:
        assert one.score == pytest.approx(expected[one.text])
        assert TEXTS[-int(one.log_probability)] == one.text
    assert result.source == "a line"


def test_what_was_sampled_twice_counts_twice():
    twice = CHRF(translation(["A cat sits.", "A dog runs.", "A dog ran.", "A cat sits."]))
    once = CHRF(translation(["A cat sits.", "A dog runs.", "A dog ran."]))
    assert (twice.text, once.text) == ("A cat sits.", "A dog runs.")


def test_a_metric_of_which_less_is_better_is_minimized():
    assert MinimumBayesRisk(TER())(translation(TEXTS[1:-1])).text == "A dog runs through the snow."
    assert MinimumBayesRisk(BLEU("13a"))(translation(TEXTS)).text == "A dog runs through the snow."


def test_equal_candidates_keep_the_order_of_the_search():
    assert CHRF(translation(["b", "a"])).text == "b"
    assert CHRF(translation([""])).text == ""


def test_the_highest_score_changes_nothing():
    given = translation(TEXTS)
    assert HighestScore()(given) is given


@pytest.mark.parametrize("search", [{"_target_": "nmt.search.greedy.Greedy"}, {"best": 1}])
def test_one_candidate_leaves_nothing_to_choose(search):
    with pytest.raises(NmtError, match="nothing to choose from"):
        CHRF.check(search)
    HighestScore().check(search)
