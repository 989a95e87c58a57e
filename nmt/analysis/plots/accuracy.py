"""Accuracies of systems by group."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from nmt.analysis.plots.plot import INK, colour, new_figure, style_axes
from nmt.evaluation.contrastive.accuracy import (
    AccuracyCount,
    AccuracyTable,
    as_numbers,
    read,
    sort_groups,
)
from nmt.runtime.errors import NmtError

MARKERS = "osD^vP*X"
"""Distinguish systems without colours."""


@dataclass(frozen=True)
class AccuracyPlot:
    """A line for each system over the groups, with intervals of 95 %, and chance dashed.

    Attributes:
        input: path of a table of `nmt.contrast` or `benchmarks.recall`, or several.
    """

    name: ClassVar[str] = "accuracy"
    input: list[str] | str | None

    def __call__(self) -> Figure:
        """Read all tables and draw them into one plot.

        Raises:
            NmtError: if there is no table, one cannot be read, or their groups differ.
        """
        if not self.input:
            raise NmtError("input is empty; expected tables of accuracies: input=[a.csv,b.csv]")
        names = [self.input] if isinstance(self.input, str) else self.input
        tables = [read(Path(name)) for name in names]
        for name, table in zip(names, tables, strict=True):
            if table.groups != tables[0].groups:
                raise NmtError(
                    f"{name} counts by {table.groups!r} and {names[0]} by {tables[0].groups!r};"
                    " expected tables with the same groups"
                )
        return draw(tables)


def draw(tables: Sequence[AccuracyTable]) -> Figure:
    """Draw groups at equal distances, so that 0, 1, 2, 4, 8 are legible; join them if numeric."""
    systems = [_select(table, name) for table in tables for name in _names(table)]
    groups = sort_groups(count.group for counts in systems for count in counts)
    line_style = "" if as_numbers(groups) is None else "-"
    figure = new_figure(6.4, 3.8)
    axes = figure.add_subplot()
    handles: list[Any] = []
    for number, counts in enumerate(systems):
        offset = (number - (len(systems) - 1) / 2) * min(0.08, 0.6 / len(systems))
        positions = [groups.index(count.group) + offset for count in counts]
        handles.append(_points(axes, counts, positions, number, line_style))
    for chance in sorted({count.chance for counts in systems for count in counts}):
        dashes = (0, (4, 3))
        label = f"chance {chance:.3g}"
        handles.append(axes.axhline(chance, color=INK, linewidth=1, linestyle=dashes, label=label))
    axes.set_xticks(range(len(groups)), groups)
    style_axes(axes, tables[0].groups, "accuracy")
    axes.set_ylim(0, 1.02)
    figure.legend(handles=handles, loc="outside upper left", ncols=4, frameon=False, fontsize=9)
    return figure


def _points(
    axes: Axes,
    counts: Sequence[AccuracyCount],
    positions: Sequence[float],
    number: int,
    line_style: str,
) -> ErrorbarContainer:
    bounds = [count.interval() for count in counts]
    return axes.errorbar(
        positions,
        [count.share for count in counts],
        yerr=[
            [count.share - low for count, (low, _) in zip(counts, bounds, strict=True)],
            [high - count.share for count, (_, high) in zip(counts, bounds, strict=True)],
        ],
        color=colour(number),
        linestyle=line_style,
        linewidth=1.4,
        marker=MARKERS[number % len(MARKERS)],
        markersize=4,
        elinewidth=0.8,
        capsize=2,
        clip_on=False,
        label=counts[0].system,
    )


def _names(table: AccuracyTable) -> list[str]:
    return list(dict.fromkeys(count.system for count in table.counts))


def _select(table: AccuracyTable, system: str) -> list[AccuracyCount]:
    return [count for count in table.counts if count.system == system]
