"""Systems scored on one test set: scores, scores by length, comparisons, as a table or as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nmt.evaluation.aligned_table import align
from nmt.evaluation.metrics.metric import Metric, Score
from nmt.evaluation.scores import Comparison, LengthBucket, by_length, compare
from nmt.evaluation.test_sets import EvaluationSet
from nmt.runtime.errors import ConfigurationError, NmtError

NO_VALUE = "-"


@dataclass(frozen=True)
class SystemOutput:
    """One system's translations of a test set.

    Attributes:
        name: of its run or file.
        lines: its hypotheses.
        settings: how they were made, as plain values; empty if they were read from a file.
    """

    name: str
    lines: Sequence[str]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class SystemScores:
    """All results of one system.

    Attributes:
        system: its translations.
        scores: of the whole test set, one for each metric.
        buckets: by length of source; empty if there is no source.
        comparisons: with the first system, one for each metric; empty if it is the only one.
    """

    system: SystemOutput
    scores: Sequence[Score]
    buckets: Sequence[LengthBucket]
    comparisons: Sequence[Comparison]


@dataclass(frozen=True)
class Evaluation:
    """Scores systems by each metric.

    Attributes:
        metrics: that are computed.
        bounds: greatest length, in words between spaces, of each bucket but the last.
        samples: of the paired bootstrap, if there are several systems.
    """

    metrics: Sequence[Metric]
    bounds: Sequence[int]
    samples: int

    def __call__(
        self, test_set: EvaluationSet, systems: Sequence[SystemOutput]
    ) -> list[SystemScores]:
        """Return the results of each system, the first being the baseline of the others.

        Raises:
            NmtError: if a system has not as many lines as the test set.
            ConfigurationError: if two systems have the same name.
        """
        target = test_set.target
        for system in systems:
            if len(system.lines) != len(target):
                raise NmtError(
                    f"{system.name} has {len(system.lines)} lines but "
                    f"{', '.join(test_set.files)} {len(target)}; expected as many"
                )
        comparisons = self._compare(test_set, systems) if len(systems) > 1 else []
        return [
            SystemScores(
                system,
                [metric(system.lines, target, test_set.others) for metric in self.metrics],
                self._by_length(test_set, system),
                [each for each in comparisons if each.system == system.name],
            )
            for system in systems
        ]

    def _by_length(self, test_set: EvaluationSet, system: SystemOutput) -> list[LengthBucket]:
        if test_set.source is None:
            return []
        words = [len(line.split()) for line in test_set.source]
        return by_length(
            system.lines, test_set.target, words, self.bounds, self.metrics, test_set.others
        )

    def _compare(
        self, test_set: EvaluationSet, systems: Sequence[SystemOutput]
    ) -> list[Comparison]:
        named = {system.name: system.lines for system in systems}
        if len(named) < len(systems):
            names = ", ".join(system.name for system in systems)
            raise ConfigurationError(f"systems to compare are {names}; expected different ones")
        return compare(named, test_set.target, self.metrics, self.samples, test_set.others)


def report(
    test_set: EvaluationSet, results: Sequence[SystemScores], versions: Mapping[str, str]
) -> dict[str, Any]:
    """Return all numbers as plain values, without a date, so that reports can be diffed."""
    return {
        "test_set": {"files": list(test_set.files), "lines": len(test_set.target)},
        "lengths": "words of the source, between spaces",
        "systems": [
            {
                "name": result.system.name,
                "settings": dict(result.system.settings),
                "scores": _plain(result.scores),
                "by_length": [
                    {"name": bucket.name, **asdict(bucket), "scores": _plain(bucket.scores)}
                    for bucket in result.buckets
                ],
                "comparisons": _plain(result.comparisons),
            }
            for result in results
        ],
        "versions": dict(versions),
    }


def _plain(values: Iterable[Score | Comparison]) -> list[dict[str, Any]]:
    return [asdict(each) for each in values]


def table(test_set: EvaluationSet, results: Sequence[SystemScores]) -> str:
    """Return all numbers as text."""
    blocks = [f"{', '.join(test_set.files)}: {len(test_set.target)} lines"]
    if len(results) > 1:
        blocks += [_comparison(results)]
    blocks += [_scores(result) for result in results]
    return "\n\n".join(blocks) + "\n"


def _comparison(results: Sequence[SystemScores]) -> str:
    scores = [each.score for each in results[0].comparisons]
    rows = [["system", *(cell for score in scores for cell in (score.metric, "± 95 %", "p"))]]
    for result in results:
        rows.append([result.system.name])
        for each in result.comparisons:
            p_value = NO_VALUE if each.p_value is None else f"{each.p_value:.4f}"
            rows[-1] += [f"{each.score.value:.1f}", f"{each.interval:.1f}", p_value]
    return "\n".join(
        [
            *align(rows),
            f"p: how probable such a difference from {results[0].system.name} is by chance "
            "(paired bootstrap)",
            *(f"{score.metric}: {score.signature}" for score in scores),
        ]
    )


def _scores(result: SystemScores) -> str:
    values = [[each.metric, f"{each.value:.1f}"] for each in result.scores]
    signatures = ["signature", *(each.signature for each in result.scores)]
    numbers = align([["metric", "value"], *values])
    lines = [result.system.name, *map("{}  {}".format, numbers, signatures)]
    if result.buckets:
        lines += ["", *align([*_lengths(result)])]
    return "\n".join(lines)


def _lengths(result: SystemScores) -> Iterator[list[str]]:
    yield ["source words", "lines", *(each.metric for each in result.scores)]
    for bucket in result.buckets:
        values = [f"{each.value:.1f}" for each in bucket.scores]
        empty = [NO_VALUE] * len(result.scores)
        yield [bucket.name, str(bucket.lines), *(values or empty)]
