"""Scores by length of source, from reports of `nmt.evaluate`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from matplotlib.figure import Figure

from nmt.analysis.plots.plot import INK, colour, new_figure, style_axes
from nmt.runtime.errors import NmtError
from nmt.runtime.regular_files import open_regular


@dataclass(frozen=True)
class ScoresByLength:
    """One system's scores in buckets of length.

    Attributes:
        name: in the legend.
        buckets: the bounds of each, such as `11-20`.
        lines: number of sentences in each.
        values: the score of each; None if there is no sentence.
    """

    name: str
    buckets: tuple[str, ...]
    lines: tuple[int, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class LengthsPlot:
    """Bars for each bucket of source length, one for each system of the reports.

    Attributes:
        input: path of a report that `nmt.evaluate` wrote to `output=`, or several.
        metric: its name in the reports.
    """

    name: ClassVar[str] = "lengths"
    input: list[str] | str | None
    metric: str

    def __call__(self) -> Figure:
        """Read all reports and draw them side by side.

        Raises:
            NmtError: if there is no report, one cannot be read, or their buckets differ.
        """
        if not self.input:
            raise NmtError("input is empty; expected reports: input=[a.json,b.json]")
        paths = [self.input] if isinstance(self.input, str) else self.input
        systems = [system for path in paths for system in read(Path(path), self.metric)]
        for system in systems:
            if (system.buckets, system.lines) != (systems[0].buckets, systems[0].lines):
                raise NmtError(
                    f"{system.name} and {systems[0].name} were not scored on the same sentences in "
                    "the same buckets; evaluate them again with the same test set and by_length=…"
                )
        return draw(systems, self.metric)


def read(path: Path, metric: str) -> list[ScoresByLength]:
    """Read the systems of one report.

    Raises:
        NmtError: if the file is missing, is not a report, or lacks the metric.
    """
    try:
        with open_regular(path) as file:
            report = json.load(file)
        return [_system(system, metric) for system in report["systems"]]
    except OSError as error:
        raise NmtError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NmtError(
            f"{path} is not a report with {metric} by length ({error!r}); expected what "
            "`python -m nmt.evaluate output=report.json` writes"
        ) from error


def _system(system: Any, metric: str) -> ScoresByLength:
    buckets = system["by_length"]
    values = [{each["metric"]: each["value"] for each in bucket["scores"]} for bucket in buckets]
    return ScoresByLength(
        system["name"],
        tuple(bucket["name"] for bucket in buckets),
        tuple(bucket["lines"] for bucket in buckets),
        tuple(float(value[metric]) if value else None for value in values),
    )


def draw(systems: list[ScoresByLength], metric: str) -> Figure:
    """Draw bars in groups; label empty buckets as such."""
    first = systems[0]
    figure = new_figure(max(5.0, 1.6 + len(first.buckets) * (0.4 + 0.42 * len(systems))), 3.8)
    axes = figure.add_subplot()
    width = 0.8 / len(systems)
    for number, system in enumerate(systems):
        for bucket, value in enumerate(system.values):
            if value is None:
                continue
            center = bucket + (number - (len(systems) - 1) / 2) * width
            axes.bar(center, value, width * 0.94, color=colour(number))
            axes.annotate(
                f"{value:.1f}",
                (center, value),
                (0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=INK,
            )
        axes.bar(0, 0, color=colour(number), label=system.name)
    labels = [
        f"{name.replace('-', '–')}\n{lines:,} sentences" if lines else f"{name}\nno sentence"
        for name, lines in zip(first.buckets, first.lines, strict=True)
    ]
    axes.set_xticks(range(len(labels)), labels)
    style_axes(axes, "words of the source", metric)
    axes.set_xlim(-0.55, len(labels) - 0.45)
    axes.margins(y=0.1)
    figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return figure
