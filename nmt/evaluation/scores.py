"""Numbers for translations: whole test sets, sets cut by length, systems against each other."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import sacrebleu.metrics.bleu
from sacrebleu.significance import PairedTest, Result

from nmt.evaluation.metrics.metric import Metric, Score, check
from nmt.runtime.errors import ConfigurationError

__all__ = ["Comparison", "LengthBucket", "Metric", "Score", "bleu", "by_length", "compare", "score"]


@dataclass(frozen=True)
class LengthBucket:
    """The sentences of a test set whose lengths lie between two bounds.

    Attributes:
        min: least length in it.
        max: greatest length in it; None for the last bucket, which takes all that is longer.
        lines: how many sentences that are.
        scores: one for each metric; none where there are no sentences.
    """

    min: int
    max: int | None
    lines: int
    scores: tuple[Score, ...]

    @property
    def name(self) -> str:
        """Write the bounds as a reader of a table wants them: `11-20`, `31+`."""
        return f"{self.min}+" if self.max is None else f"{self.min}-{self.max}"


@dataclass(frozen=True)
class Comparison:
    """One system's value of one metric, with what resampling the test set says about it.

    Attributes:
        system: its name.
        score: the value on the test set itself; the signature names seed and samples.
        mean: average value over the samples.
        interval: half the width of the 95 % interval around `mean`.
        p_value: how probable a difference from the baseline at least as large would be by chance;
            None for the baseline.
    """

    system: str
    score: Score
    mean: float
    interval: float
    p_value: float | None


def score(
    hypotheses: Sequence[str], references: Sequence[str], metrics: Sequence[Metric]
) -> list[Score]:
    """Score one system by each metric.

    Raises:
        NmtError: if the numbers of lines differ, or there are none.
    """
    return [metric(hypotheses, references) for metric in metrics]


def bleu(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    """Score by sacreBLEU's own defaults (cased, 13a, exp): the number to select models by.

    Raises:
        NmtError: if the numbers of lines differ, or there are none.
    """
    check(hypotheses, references)
    measure = sacrebleu.metrics.bleu.BLEU()
    value = measure.corpus_score(hypotheses, [references]).score
    return Score("BLEU", float(value), measure.get_signature().format())


def by_length(
    hypotheses: Sequence[str],
    references: Sequence[str],
    lengths: Sequence[int],
    bounds: Sequence[int],
    metrics: Sequence[Metric],
) -> list[LengthBucket]:
    """Score the sentences of each length on their own.

    Args:
        hypotheses: translations.
        references: what they are compared with.
        lengths: of the source lines, in any unit.
        bounds: greatest length of each bucket, rising; one more bucket takes what is longer.
        metrics: computed in each bucket that has a sentence.

    Raises:
        NmtError: if the numbers of lines differ, or the bounds do not rise.
    """
    check(hypotheses, references)
    check(hypotheses, lengths)
    if any(low >= high for low, high in pairwise([-1, *bounds])):
        raise ConfigurationError(f"bounds of lengths are {list(bounds)}; expected rising numbers")
    buckets = []
    for below, max_length in pairwise([-1, *bounds, sys.maxsize]):
        rows = [row for row, length in enumerate(lengths) if below < length <= max_length]
        kept = [hypotheses[row] for row in rows], [references[row] for row in rows]
        scores = score(*kept, metrics) if rows else []
        end = None if max_length == sys.maxsize else max_length
        buckets.append(LengthBucket(below + 1, end, len(rows), tuple(scores)))
    return buckets


def compare(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[str],
    metrics: Sequence[Metric],
    samples: int,
) -> list[Comparison]:
    """Test systems against the first of them by paired bootstrap (Koehn 2004), as sacreBLEU does.

    The same sentences are drawn for all systems. sacreBLEU's seed is fixed, so that the same files
    give the same numbers.

    Args:
        systems: each one's hypotheses under its name, the baseline first; may be only one.
        references: what they are compared with.
        metrics: each is tested on its own.
        samples: how often the test set is drawn again.

    Returns:
        For each metric, each system.

    Raises:
        NmtError: if the numbers of lines differ, or there are none.
    """
    for hypotheses in systems.values():
        check(hypotheses, references)
    named: list[tuple[str, Sequence[str]]] = list(systems.items())
    comparisons = []
    for metric in metrics:
        test = PairedTest(named, {"": metric.measure()}, [references], "bs", samples)
        signatures, results = test()
        for counted, signature in signatures.items():
            for system, result in zip(systems, results[counted], strict=True):
                assert isinstance(result, Result)
                assert result.mean is not None
                assert result.ci is not None
                value = Score(metric.name, float(result.score), signature.format())
                comparisons.append(
                    Comparison(system, value, float(result.mean), float(result.ci), result.p_value)
                )
    return comparisons
