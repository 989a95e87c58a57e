"""How often systems were right, by group: agreement over nouns between, memory over clauses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from nmt.analysis.plots.plot import INK, colour, paper, tidy
from nmt.evaluation.contrastive.accuracy import (
    AccuracyCount,
    AccuracyTable,
    as_numbers,
    read,
    sort_groups,
)
from nmt.runtime.errors import NmtError

MARKERS = "osD^vP*X"
"""Told apart where colours are not."""


@dataclass(frozen=True)
class AccuracyPlot:
    """A line for each system over the groups, with intervals of 95 %, and chance dashed.

    Attributes:
        input: a table, or several, that `nmt.contrast` or `benchmarks.recall` wrote.
    """

    name: ClassVar[str] = "accuracy"
    input: list[str] | str | None

    def __call__(self) -> Figure:
        """Read all tables and draw them over each other.

        Raises:
            NmtError: if there is none, one cannot be read, or they have other groups.
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
    """Draw groups at equal distances, so that 0, 1, 2, 4, 8 can all be read; numbers are joined."""
    systems = [_of(table, name) for table in tables for name in _names(table)]
    groups = sort_groups(one.group for counts in systems for one in counts)
    joined = "" if as_numbers(groups) is None else "-"
    figure = paper(6.4, 3.8)
    axes = figure.add_subplot()
    handles: list[Any] = []
    for number, counts in enumerate(systems):
        aside = (number - (len(systems) - 1) / 2) * min(0.08, 0.6 / len(systems))
        places = [groups.index(one.group) + aside for one in counts]
        handles.append(_points(axes, counts, places, number, joined))
    for chance in sorted({one.chance for counts in systems for one in counts}):
        dashes = (0, (4, 3))
        label = f"chance {chance:.3g}"
        handles.append(axes.axhline(chance, color=INK, linewidth=1, linestyle=dashes, label=label))
    axes.set_xticks(range(len(groups)), groups)
    tidy(axes, tables[0].groups, "accuracy")
    axes.set_ylim(0, 1.02)
    figure.legend(handles=handles, loc="outside upper left", ncols=4, frameon=False, fontsize=9)
    return figure


def _points(
    axes: Axes, counts: Sequence[AccuracyCount], places: Sequence[float], number: int, joined: str
) -> ErrorbarContainer:
    bounds = [one.interval() for one in counts]
    return axes.errorbar(
        places,
        [one.share for one in counts],
        yerr=[
            [one.share - low for one, (low, _) in zip(counts, bounds, strict=True)],
            [high - one.share for one, (_, high) in zip(counts, bounds, strict=True)],
        ],
        color=colour(number),
        linestyle=joined,
        linewidth=1.4,
        marker=MARKERS[number % len(MARKERS)],
        markersize=4,
        elinewidth=0.8,
        capsize=2,
        clip_on=False,
        label=counts[0].system,
    )


def _names(table: AccuracyTable) -> list[str]:
    return list(dict.fromkeys(one.system for one in table.counts))


def _of(table: AccuracyTable, system: str) -> list[AccuracyCount]:
    return [one for one in table.counts if one.system == system]
