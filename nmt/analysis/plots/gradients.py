"""Norms of gradients by distance, from tables of `nmt.gradients`."""

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nmt.analysis.gradients.table import BAND, EMBEDDING, FRESH, STATE, TRAINED, GradientCurve, read
from nmt.analysis.plots.plot import INK, colour, new_figure, style_axes
from nmt.runtime.errors import NmtError

LINES = {TRAINED: "solid", FRESH: "dashed"}
TITLES = {
    STATE: "with respect to the state, $k$ positions before",
    EMBEDDING: "with respect to the embedding, $k$ positions before",
}


@dataclass(frozen=True)
class GradientsPlot:
    """Two panels: norms with respect to the state on the left, to the embedding on the right.

    Attributes:
        input: path of a table of `nmt.gradients`, or several.
    """

    name: ClassVar[str] = "gradients"
    input: list[str] | str | None

    def __call__(self) -> Figure:
        """Read all tables and draw their curves into one plot.

        Raises:
            NmtError: if there is no table, or one cannot be read.
        """
        if not self.input:
            raise NmtError("input is empty; expected tables: input=[a.csv,b.csv]")
        paths = [self.input] if isinstance(self.input, str) else self.input
        return draw([curve for path in paths for curve in read(Path(path))])


def draw(curves: list[GradientCurve]) -> Figure:
    """Draw means as lines, dashed for fresh weights, and the range between percentiles pale."""
    figure = new_figure(9.6, 4.2)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, quantity in ((left, STATE), (right, EMBEDDING)):
        chosen = [curve for curve in curves if curve.quantity == quantity]
        for curve, ink in zip(chosen, _inks(chosen), strict=True):
            _line(axes, curve, ink)
        axes.set_yscale("log")
        style_axes(axes, "distance $k$, in pieces", "")
        axes.tick_params(which="minor", length=0)
        axes.set_title(TITLES[quantity], fontsize=10, color=INK, loc="left")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlim(left=0)
    low, high = BAND
    left.set_ylabel(
        f"norm of the gradient of a loss\n(mean; pale: percentiles {low} to {high})",
        color=INK,
        fontsize=10,
    )
    handles, labels = left.get_legend_handles_labels()
    # Columns are filled downwards: this puts lines of one colour below each other.
    inks = [handle.get_color() for handle in handles]
    order = sorted(range(len(handles)), key=lambda number: inks.index(inks[number]))
    figure.legend(
        [handles[number] for number in order],
        [labels[number] for number in order],
        loc="outside upper left",
        ncols=4,
        frameon=False,
        fontsize=9,
    )
    return figure


def _inks(curves: list[GradientCurve]) -> list[str]:
    """Return the colour of each curve; a fresh cell has that of a trained run of the same name."""
    taken: dict[str, set[str]] = {}
    inks = []
    for curve in curves:
        name = PurePath(curve.model).name
        if curve.weights in taken.setdefault(name, set()):
            name = f"{name} {len(taken)}"  # two trained runs of one name have different colours
            taken[name] = set()
        taken[name].add(curve.weights)
        inks.append(colour(list(taken).index(name)))
    return inks


def _line(axes: Axes, curve: GradientCurve, ink: str) -> None:
    """Draw one curve; a norm of 0, which a logarithmic axis lacks, is a gap."""
    across = [point.distance for point in curve.points]
    means, lows, highs = (
        np.array([getattr(point, name) for point in curve.points])
        for name in ("mean", "low", "high")
    )
    name = f"{curve.model} ({curve.weights})"
    drawn = np.where(means > 0, means, np.nan)
    axes.plot(across, drawn, color=ink, linestyle=LINES[curve.weights], linewidth=1.6, label=name)
    floor = np.where(lows > 0, lows, drawn)
    axes.fill_between(across, floor, np.where(highs > 0, highs, drawn), color=ink, alpha=0.1, lw=0)
