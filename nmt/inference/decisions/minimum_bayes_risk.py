"""Minimum Bayes risk decoding: the candidate that is most like all others."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from nmt.evaluation.metrics.metric import Metric
from nmt.inference.translation import Translation
from nmt.search.checks import check_candidates


@dataclass(frozen=True)
class MinimumBayesRisk:
    """Ranks candidates by their expected metric, with the other candidates as references.

    The candidates stand for the model's distribution: as `search=sample search.best=32` draws them,
    each counts as often as it was drawn; those of a beam count once each. Kumar and Byrne 2004,
    "Minimum Bayes-Risk Decoding"; with samples Eikema and Aziz 2020, "Is MAP Decoding All You
    Need?". The time grows with the square of the number of different candidates.

    Attributes:
        metric: of a hypothesis and a reference, as sacreBLEU computes it for sentences.
    """

    metric: Metric
    reads_all: ClassVar[bool] = True

    def check(self, search: Mapping[str, Any]) -> None:
        """Check that a search, as plain values, returns several candidates for each line.

        Raises:
            NmtError: if it returns one.
        """
        check_candidates(search)

    def __call__(self, translation: Translation) -> Translation:
        """Return the candidates by expected metric, best first; it becomes their score.

        Of equal ones those that the search ranked higher come first.
        """
        counts = Counter(candidate.text for candidate in translation.candidates)
        measure, sign = self.metric.measure(), self.metric.direction
        expected = {
            text: sum(
                sign * measure.sentence_score(text, [reference]).score * count
                for reference, count in counts.items()
            )
            / counts.total()
            for text in counts
        }
        ranked = sorted(translation.candidates, key=lambda one: -expected[one.text])
        candidates = tuple(replace(one, score=expected[one.text]) for one in ranked)
        return replace(translation, candidates=candidates)
