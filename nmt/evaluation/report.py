"""Systems judged on one test set: scores, scores by length, differences, as a table or as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nmt.evaluation.aligned_table import align
from nmt.evaluation.scores import Comparison, LengthBucket, Metric, Score, by_length, compare, score
from nmt.evaluation.test_sets import EvaluationSet
from nmt.runtime.errors import ConfigurationError, NmtError

NOTHING = "-"


@dataclass(frozen=True)
class SystemOutput:
    """One system's translations of a test set.

    Attributes:
        name: of its run or file.
        lines: its hypotheses.
        settings: how they were made, in plain values; empty where a file was read.
    """

    name: str
    lines: Sequence[str]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class SystemScores:
    """All numbers of one system.

    Attributes:
        system: its translations.
        scores: of the whole test set, one for each metric.
        buckets: by length of source; none where no source is known.
        comparisons: against the first system, one for each metric; none where it is alone.
    """

    system: SystemOutput
    scores: Sequence[Score]
    buckets: Sequence[LengthBucket]
    comparisons: Sequence[Comparison]


@dataclass(frozen=True)
class Evaluation:
    """Judges systems by each metric; called, it gives one judgement a system, in their order.

    Attributes:
        metrics: what is counted.
        bounds: greatest length, in words between spaces, of each bucket but the last.
        samples: of the paired bootstrap, where there are several systems.
    """

    metrics: Sequence[Metric]
    bounds: Sequence[int]
    samples: int

    def __call__(
        self, benchmark: EvaluationSet, systems: Sequence[SystemOutput]
    ) -> list[SystemScores]:
        """Score all systems, the first being the baseline of the others.

        Raises:
            NmtError: if a system has not as many lines as the test set.
            ConfigurationError: if two systems have the same name.
        """
        for system in systems:
            if len(system.lines) != len(benchmark.target):
                raise NmtError(
                    f"{system.name} has {len(system.lines)} lines but "
                    f"{', '.join(benchmark.files)} {len(benchmark.target)}; expected as many"
                )
        comparisons = self._compare(benchmark, systems) if len(systems) > 1 else []
        return [
            SystemScores(
                system,
                score(system.lines, benchmark.target, self.metrics),
                self._by_length(benchmark, system),
                [each for each in comparisons if each.system == system.name],
            )
            for system in systems
        ]

    def _by_length(self, benchmark: EvaluationSet, system: SystemOutput) -> list[LengthBucket]:
        if benchmark.source is None:
            return []
        words = [len(line.split()) for line in benchmark.source]
        return by_length(system.lines, benchmark.target, words, self.bounds, self.metrics)

    def _compare(
        self, benchmark: EvaluationSet, systems: Sequence[SystemOutput]
    ) -> list[Comparison]:
        named = {system.name: system.lines for system in systems}
        if len(named) < len(systems):
            names = ", ".join(system.name for system in systems)
            raise ConfigurationError(f"systems to compare are {names}; expected different ones")
        return compare(named, benchmark.target, self.metrics, self.samples)


def report(
    benchmark: EvaluationSet, judgements: Sequence[SystemScores], versions: Mapping[str, str]
) -> dict[str, Any]:
    """Give all numbers as plain values, without a date, so that reports can be compared as text."""
    return {
        "test_set": {"files": list(benchmark.files), "lines": len(benchmark.target)},
        "lengths": "words of the source, between spaces",
        "systems": [
            {
                "name": judgement.system.name,
                "settings": dict(judgement.system.settings),
                "scores": _plain(judgement.scores),
                "by_length": [
                    {"name": bucket.name, **asdict(bucket), "scores": _plain(bucket.scores)}
                    for bucket in judgement.buckets
                ],
                "comparisons": _plain(judgement.comparisons),
            }
            for judgement in judgements
        ],
        "versions": dict(versions),
    }


def _plain(values: Iterable[Score | Comparison]) -> list[dict[str, Any]]:
    return [asdict(each) for each in values]


def table(benchmark: EvaluationSet, judgements: Sequence[SystemScores]) -> str:
    """Write all numbers for a person."""
    blocks = [f"{', '.join(benchmark.files)}: {len(benchmark.target)} lines"]
    if len(judgements) > 1:
        blocks += [_comparison(judgements)]
    blocks += [_scores(judgement) for judgement in judgements]
    return "\n\n".join(blocks) + "\n"


def _comparison(judgements: Sequence[SystemScores]) -> str:
    metrics = [each.score.metric for each in judgements[0].comparisons]
    rows = [["system", *(cell for metric in metrics for cell in (metric, "± 95 %", "p"))]]
    for judgement in judgements:
        rows.append([judgement.system.name])
        for each in judgement.comparisons:
            chance = NOTHING if each.p_value is None else f"{each.p_value:.4f}"
            rows[-1] += [f"{each.score.value:.1f}", f"{each.interval:.1f}", chance]
    signatures = [each.score for each in judgements[0].comparisons]
    return "\n".join(
        [
            *align(rows),
            f"p: how probable such a difference from {judgements[0].system.name} is by chance "
            "(paired bootstrap)",
            *(f"{each.metric}: {each.signature}" for each in signatures),
        ]
    )


def _scores(judgement: SystemScores) -> str:
    values = [[each.metric, f"{each.value:.1f}"] for each in judgement.scores]
    signatures = ["signature", *(each.signature for each in judgement.scores)]
    numbers = align([["metric", "value"], *values])
    lines = [judgement.system.name, *map("{}  {}".format, numbers, signatures)]
    if judgement.buckets:
        lines += ["", *align([*_lengths(judgement)])]
    return "\n".join(lines)


def _lengths(judgement: SystemScores) -> Iterable[list[str]]:
    yield ["source words", "lines", *(each.metric for each in judgement.scores)]
    for bucket in judgement.buckets:
        values = [f"{each.value:.1f}" for each in bucket.scores]
        empty = [NOTHING] * len(judgement.scores)
        yield [bucket.name, str(bucket.lines), *(values or empty)]
