"""Norms of gradients before clipping, and losses, of every update of a run."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from nmt.analysis.plots import records
from nmt.analysis.plots.plot import INK, colour, new_figure, style_axes
from nmt.inspection import config_values
from nmt.inspection.data_config import MAX_BYTES, TRAINING
from nmt.runtime.errors import ModelError, NmtError, require

BINS = 40  # of the histogram of all runs


@dataclass(frozen=True)
class Updates:
    """The updates of a run.

    Attributes:
        norms: before clipping, of the updates that were not skipped.
        losses: in nats per target piece, of all updates; NaN if skipped.
        clipped: share of the updates that were not skipped whose gradient was clipped.
        skipped: number of updates skipped because loss or gradient was not finite.
        clip_norm: the norm above which gradients were clipped; None if it is unknown.
    """

    norms: npt.NDArray[np.float64]
    losses: npt.NDArray[np.float64]
    clipped: float
    skipped: int
    clip_norm: float | None


@dataclass(frozen=True)
class GradientNormsPlot:
    """Two panels, one colour per run: a histogram of norms; losses, each update's pale.

    Attributes:
        runs: folder of a run that was trained with `report_every=1`, or several.
        window: updates whose median loss is the strong line.
    """

    name: ClassVar[str] = "gradient_norms"
    runs: list[str] | str
    window: int

    def __post_init__(self) -> None:
        """Check that a median has a value."""
        require(self.window >= 1, "plot.window", self.window, "1 update or more")

    def __call__(self) -> Figure:
        """Read all runs and draw them into one plot.

        Raises:
            NmtError: if a run has no updates, or its records are means over several.
        """
        runs = [self.runs] if isinstance(self.runs, str) else self.runs
        return draw({run: read(Path(run)) for run in runs}, self.window)


def read(run: Path) -> Updates:
    """Read the updates of a run.

    Raises:
        NmtError: if it has none, or its records are means over several.
    """
    path = run / "metrics.jsonl"
    updates = [record for record in records.read(run) if record["kind"] == "update"]
    for number, record in enumerate(updates, start=1):
        if records.value(record, "update") != number:
            raise NmtError(
                f"{path}: the record of update {record['update']} is a mean over several updates;"
                " train with report_every=1"
            )
    made = [one for one in updates if not math.isnan(records.value(one, "gradient_norm"))]
    norms = [records.value(record, "gradient_norm") for record in made]
    if not any(norm > 0 for norm in norms):
        raise NmtError(f"{path} has no update with a finite gradient; expected at least one")
    return Updates(
        norms=np.array(norms),
        losses=np.array([records.value(record, "loss") for record in updates]),
        clipped=sum(records.value(record, "clipped") for record in made) / len(made),
        skipped=int(records.value(updates[-1], "skipped")),
        clip_norm=_clip_norm(run / TRAINING),
    )


def draw(runs: dict[str, Updates], window: int) -> Figure:
    """Draw the updates of each run under its name; a dashed line is its `clip_norm`.

    Each line is thinner than those below it, as runs that never clip may coincide.
    """
    figure = new_figure(9.6, 4.0)
    left, right = figure.subplots(1, 2)
    norms = np.concatenate([run.norms[run.norms > 0] for run in runs.values()])
    edges = np.geomspace(norms.min() * 0.999, norms.max() * 1.001, BINS + 1)
    for number, (name, run) in enumerate(runs.items()):
        ink, width = colour(number), 1.2 + 0.7 * (len(runs) - 1 - number)
        left.hist(run.norms, edges, color=ink, alpha=0.15)
        left.hist(run.norms, edges, color=ink, histtype="step", linewidth=width)
        left.plot([], [], color=ink, linewidth=2, label=f"{name}: {_summary(run)}")
        if run.clip_norm is not None and math.isfinite(run.clip_norm):
            left.axvline(run.clip_norm, color=ink, linestyle="dashed", linewidth=1)
        _losses(right, run.losses, window, ink, width)
    left.set_xscale("log")
    right.set_yscale("log")
    for axis in (left.xaxis, right.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    left.yaxis.set_major_locator(MaxNLocator(integer=True))
    style_axes(left, "norm of the gradient before clipping (dashed: clip_norm)", "updates")
    style_axes(right, f"updates (strong: median of {window})", "training loss, nats per piece")
    right.set_xlim(left=0)
    figure.legend(loc="outside upper left", ncols=1, frameon=False, fontsize=9, labelcolor=INK)
    return figure


def _summary(run: Updates) -> str:
    bound = "" if run.clip_norm is None else f"clip_norm={run.clip_norm:g}, "
    return f"{bound}{100 * run.clipped:.1f} % of updates clipped, {run.skipped} skipped"


def _losses(
    axes: Axes, losses: npt.NDArray[np.float64], window: int, ink: str, width: float
) -> None:
    """Draw each update's loss pale, and over it the median around it, which ignores peaks."""
    updates = np.arange(1, len(losses) + 1)
    axes.plot(updates, losses, color=ink, alpha=0.35, linewidth=0.8)
    finite = np.isfinite(losses)
    kept, values = updates[finite], losses[finite]
    if len(kept) >= window:
        medians = np.median(np.lib.stride_tricks.sliding_window_view(values, window), axis=1)
        middles = kept[window // 2 :][: len(medians)]
        axes.plot(middles, medians, color=ink, linewidth=width)


def _clip_norm(path: Path) -> float | None:
    """Read `clip_norm` from the configuration of a training; return None if it has none."""
    try:
        return float(config_values.read(path, MAX_BYTES)["clip_norm"])
    except (ModelError, TypeError, KeyError, ValueError):
        return None
