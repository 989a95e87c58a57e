"""Scores of test sets, by length of source, and of systems compared with each other."""

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sacrebleu.significance import PairedTest, Result

from nmt.evaluation.metrics.metric import Metric, Score, check_lines
from nmt.runtime.errors import ConfigurationError

FEW_LINES = 100
"""Of a test set; resamples of fewer lines say little about other text."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LengthBucket:
    """The sentences of a test set whose lengths are within two bounds.

    Attributes:
        min: least length.
        max: greatest length; None for the last bucket, which has no bound.
        lines: number of sentences.
        scores: one for each metric; empty if there are no sentences.
    """

    min: int
    max: int | None
    lines: int
    scores: tuple[Score, ...]

    @property
    def name(self) -> str:
        """The bounds as tables show them: `11-20`, `31+`."""
        return f"{self.min}+" if self.max is None else f"{self.min}-{self.max}"


@dataclass(frozen=True)
class Comparison:
    """One system's score by one metric, and its distribution over resampled test sets.

    Attributes:
        system: its name.
        score: on the test set itself; the signature has seed and samples.
        mean: over the samples.
        interval: half the width of the 95 % interval around `mean`.
        p_value: probability that a difference from the baseline at least as large arises by
            chance; 1 where resamples do not vary, None for the baseline.
    """

    system: str
    score: Score
    mean: float
    interval: float
    p_value: float | None


def by_length(
    hypotheses: Sequence[str],
    references: Sequence[str],
    lengths: Sequence[int],
    bounds: Sequence[int],
    metrics: Sequence[Metric],
    others: Sequence[Sequence[str]] = (),
) -> list[LengthBucket]:
    """Score the sentences of each bucket of lengths.

    Args:
        hypotheses: translations.
        references: one for each.
        lengths: of the source lines, in any unit.
        bounds: greatest length of each bucket, rising; one more bucket takes what is longer.
        metrics: computed in each bucket that has a sentence.
        others: further references of the same lines.

    Raises:
        NmtError: if the numbers of lines differ, or there are none.
        ConfigurationError: if the bounds do not rise.
    """
    check_lines(hypotheses, references)
    check_lines(hypotheses, lengths)
    if any(low >= high for low, high in pairwise([-1, *bounds])):
        raise ConfigurationError(f"bounds of lengths are {list(bounds)}; expected rising numbers")
    buckets = []
    for below, max_length in pairwise([-1, *bounds, sys.maxsize]):
        rows = [row for row, length in enumerate(lengths) if below < length <= max_length]
        kept, first, *more = (
            [lines[row] for row in rows] for lines in (hypotheses, references, *others)
        )
        scores = [metric(kept, first, more) for metric in metrics] if rows else []
        end = None if max_length == sys.maxsize else max_length
        buckets.append(LengthBucket(below + 1, end, len(rows), tuple(scores)))
    return buckets


def compare(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[str],
    metrics: Sequence[Metric],
    samples: int,
    others: Sequence[Sequence[str]] = (),
) -> list[Comparison]:
    """Test systems against the first one by paired bootstrap (Koehn 2004), as sacreBLEU does.

    All systems are scored on the same samples of sentences. sacreBLEU's seed is fixed, so that the
    same files give the same numbers. Where the difference is the same in all samples, sacreBLEU's
    p-value would be the smallest possible one; here it is 1 if that says nothing: the scores are
    equal, or all lines are.

    Args:
        systems: the hypotheses of each by its name, the baseline first.
        references: one for each line.
        metrics: each is tested on its own.
        samples: how often the test set is resampled.
        others: further references of the same lines.

    Returns:
        For each metric, each system.

    Raises:
        NmtError: if the numbers of lines differ, or there are none.
    """
    for hypotheses in systems.values():
        check_lines(hypotheses, references)
    named: list[tuple[str, Sequence[str]]] = list(systems.items())
    _warn_of_few(len(references))
    comparisons = []
    for metric in metrics:
        test = PairedTest(named, {"": metric.measure()}, [references, *others], "bs", samples)
        signatures, results = test()
        for key, signature in signatures.items():
            tested = [result for result in results[key] if isinstance(result, Result)]
            for system, result in zip(systems, tested, strict=True):
                assert result.mean is not None
                assert result.ci is not None
                value = Score(metric.name, float(result.score), signature.format())
                p_value = result.p_value
                lines = zip(named[0][1], systems[system], references, *others, strict=True)
                equal = result.score == tested[0].score or len(set(lines)) == 1
                if equal and p_value is not None and p_value <= 1 / (samples + 1):
                    p_value = 1.0
                comparisons.append(
                    Comparison(system, value, float(result.mean), float(result.ci), p_value)
                )
    return comparisons


def _warn_of_few(lines: int) -> None:
    if lines < FEW_LINES:
        log.warning(
            "the test set has %d lines; a comparison by fewer than %d says little about other text",
            *(lines, FEW_LINES),
        )
