"""Learning curves: validation BLEU or perplexity, and losses, from `metrics.jsonl`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from matplotlib.figure import Figure

from nmt.analysis.plots import records
from nmt.analysis.plots.plot import colour, new_figure, style_axes
from nmt.analysis.plots.records import Record
from nmt.runtime.errors import NmtError


@dataclass(frozen=True)
class Horizontal:
    """The horizontal axis.

    Attributes:
        field: key of the records in `metrics.jsonl`.
        unit: value that is 1 on the axis.
        label: of the axis.
    """

    field: str
    unit: float
    label: str


@dataclass(frozen=True)
class QualityMeasure:
    """The vertical axis of the left panel.

    Attributes:
        field: key of validation records in `metrics.jsonl`.
        label: of the axis.
        best: returns the best of the values.
    """

    field: str
    label: str
    best: Callable[[Iterable[float]], float]


BLEU = QualityMeasure("bleu", "BLEU of the validation set", max)
PERPLEXITY = QualityMeasure("perplexity", "perplexity per piece of the validation set", min)
"""For language models, which have no BLEU."""


@dataclass(frozen=True)
class CurvesPlot:
    """Two panels, one colour per run: BLEU on the left; losses on the right, of training pale.

    If no run has BLEU, the left panel shows perplexities.

    Attributes:
        runs: folder of a run, or several.
        horizontal: the horizontal axis.
    """

    name: ClassVar[str] = "curves"
    runs: list[str] | str
    horizontal: Horizontal

    def __call__(self) -> Figure:
        """Read all runs and draw them into one plot.

        Raises:
            NmtError: if a run has no validation yet.
        """
        runs = [self.runs] if isinstance(self.runs, str) else self.runs
        return draw({run: read(Path(run)) for run in runs}, self.horizontal)


def read(run: Path) -> list[Record]:
    """Read a run's records.

    Raises:
        NmtError: if there is no file, or no validation in it.
    """
    result = records.read(run)
    if not any(record["kind"] == "validation" for record in result):
        raise NmtError(f"{run / 'metrics.jsonl'} has no validation yet; expected at least one")
    return result


def draw(runs: dict[str, list[Record]], horizontal: Horizontal) -> Figure:
    """Draw the records of each run under its name, and annotate its best value."""
    has_bleu = any(points(run, "validation", horizontal, "bleu")[1] for run in runs.values())
    quality = BLEU if has_bleu else PERPLEXITY
    figure = new_figure(9.0, 3.8)
    left, right = figure.subplots(1, 2)
    for number, (name, run) in enumerate(runs.items()):
        ink = colour(number)
        updates = points(run, "update", horizontal, "loss")
        losses = points(run, "validation", horizontal, "loss")
        scores = points(run, "validation", horizontal, quality.field)
        right.plot(*updates, color=ink, alpha=0.35, linewidth=1)
        right.plot(*losses, color=ink, marker="o", markersize=3)
        left.plot(*scores, color=ink, marker="o", markersize=3, label=name, clip_on=False)
        if scores[1]:
            best = quality.best(scores[1])
            point = (scores[0][scores[1].index(best)], best)
            left.annotate(
                f"{best:.1f}", point, (0, 5), textcoords="offset points", color=ink, ha="center"
            )
    style_axes(left, horizontal.label, quality.label)
    style_axes(right, horizontal.label, "loss, nats per piece (pale: training)")
    left.margins(y=0.1)
    left.set_ylim(bottom=0)
    for axes in (left, right):
        axes.set_xlim(left=0)
    figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return figure


def points(
    run: list[Record], kind: str, horizontal: Horizontal, field: str
) -> tuple[list[float], list[float]]:
    """Return the horizontal and the vertical values of the records of a kind that have `field`.

    Raises:
        NmtError: if such a record lacks the horizontal value.
    """
    chosen = [one for one in run if one["kind"] == kind and one.get(field) is not None]
    for record in chosen:
        if horizontal.field not in record:
            fields = ", ".join(record)
            raise NmtError(f"records of kind {kind} have no {horizontal.field!r}, but {fields}")
    across = [records.value(record, horizontal.field) / horizontal.unit for record in chosen]
    return across, [records.value(record, field) for record in chosen]
