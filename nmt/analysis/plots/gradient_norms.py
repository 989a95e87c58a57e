"""How long gradients are before clipping, update by update, and how the loss falls meanwhile."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from nmt.analysis.plots import records
from nmt.analysis.plots.plot import INK, colour, paper, tidy
from nmt.inspection.data_config import TRAINING
from nmt.runtime.errors import NmtError, require

BINS = 40  # of the histogram, over all runs' norms


@dataclass(frozen=True)
class Updates:
    """A run's updates, one by one.

    Attributes:
        norms: before clipping, of the updates that were made.
        losses: in nats a target piece, of every update; not a number where it was skipped.
        clipped: the share of the updates made whose gradient was clipped.
        skipped: how many were not made, their loss or gradient not being finite.
        clip_norm: the longest gradient that was used as it is; None if that is not known.
    """

    norms: npt.NDArray[np.float64]
    losses: npt.NDArray[np.float64]
    clipped: float
    skipped: int
    clip_norm: float | None


@dataclass(frozen=True)
class GradientNormsPlot:
    """Two panels, one colour a run: a histogram of norms; losses, each update's pale.

    Attributes:
        runs: folders of runs that were recorded with `report_every=1`.
        window: updates of which the strong line of a loss is the median.
    """

    name: ClassVar[str] = "gradient_norms"
    runs: list[str] | str
    window: int

    def __post_init__(self) -> None:
        """Refuse a median of nothing."""
        require(self.window >= 1, "plot.window", self.window, "1 update or more")

    def __call__(self) -> Figure:
        """Read all runs and draw them over each other.

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
    found = [one for one in records.read(run) if one["kind"] == "update"]
    for number, record in enumerate(found, start=1):
        if record["update"] != number:
            raise NmtError(
                f"{path}: the record of update {record['update']} is a mean over several, which is"
                " no norm of a gradient; train with report_every=1"
            )
    made = [one for one in found if one["gradient_norm"] is not None]
    if not any(one["gradient_norm"] > 0 for one in made):
        raise NmtError(f"{path} has no update with a finite gradient; expected at least one")
    losses = [math.nan if one["loss"] is None else one["loss"] for one in found]
    return Updates(
        norms=np.array([one["gradient_norm"] for one in made]),
        losses=np.array(losses),
        clipped=sum(one["clipped"] for one in made) / len(made),
        skipped=found[-1]["skipped"],
        clip_norm=_clip_norm(run / TRAINING),
    )


def draw(runs: dict[str, Updates], window: int) -> Figure:
    """Draw the updates of each run under its name; a dashed line is where a run clipped.

    Each line is thinner than those below it, as runs that never clip are one and the same.
    """
    figure = paper(9.6, 4.0)
    left, right = figure.subplots(1, 2)
    norms = np.concatenate([run.norms[run.norms > 0] for run in runs.values()])
    edges = np.geomspace(norms.min() * 0.999, norms.max() * 1.001, BINS + 1)
    for number, (name, run) in enumerate(runs.items()):
        ink, width = colour(number), 1.2 + 0.7 * (len(runs) - 1 - number)
        left.hist(run.norms, edges, color=ink, alpha=0.15)
        left.hist(run.norms, edges, color=ink, histtype="step", linewidth=width)
        left.plot([], [], color=ink, linewidth=2, label=f"{name}: {_said(run)}")
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
    tidy(left, "norm of the gradient before clipping (dashed: clip_norm)", "updates")
    tidy(right, f"updates (strong: median of {window})", "training loss, nats a piece")
    right.set_xlim(left=0)
    figure.legend(loc="outside upper left", ncols=1, frameon=False, fontsize=9, labelcolor=INK)
    return figure


def _said(run: Updates) -> str:
    bound = "" if run.clip_norm is None else f"clip_norm={run.clip_norm:g}, "
    return f"{bound}{100 * run.clipped:.1f} % of updates clipped, {run.skipped} skipped"


def _losses(
    axes: Axes, losses: npt.NDArray[np.float64], window: int, ink: str, width: float
) -> None:
    """Draw each update's loss pale, and over it the median around it, which no peak moves."""
    updates = np.arange(1, len(losses) + 1)
    axes.plot(updates, losses, color=ink, alpha=0.35, linewidth=0.8)
    finite = np.isfinite(losses)
    kept, values = updates[finite], losses[finite]
    if len(kept) >= window:
        medians = np.median(np.lib.stride_tricks.sliding_window_view(values, window), axis=1)
        middles = kept[window // 2 :][: len(medians)]
        axes.plot(middles, medians, color=ink, linewidth=width)


def _clip_norm(path: Path) -> float | None:
    """Read what a training was told; a run whose settings are not there is drawn without."""
    try:
        return float(yaml.safe_load(path.read_text(encoding="utf-8"))["clip_norm"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, ValueError):
        return None
