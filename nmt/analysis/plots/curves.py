"""How runs learned: validation BLEU or perplexity, and losses, from their `metrics.jsonl`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from matplotlib.figure import Figure

from nmt.analysis.plots import records
from nmt.analysis.plots.plot import colour, paper, tidy
from nmt.analysis.plots.records import Record
from nmt.runtime.errors import NmtError


@dataclass(frozen=True)
class Horizontal:
    """What the curves are drawn against.

    Attributes:
        field: key of the records in `metrics.jsonl`.
        unit: how much of it is 1 on the axis.
        label: the axis's name.
    """

    field: str
    unit: float
    label: str


@dataclass(frozen=True)
class QualityMeasure:
    """What the left panel shows of validations.

    Attributes:
        field: key of the records in `metrics.jsonl`.
        label: the axis's name.
        best: chooses the best value.
    """

    field: str
    label: str
    best: Callable[[Iterable[float]], float]


BLEU = QualityMeasure("bleu", "BLEU of the validation set", max)
PERPLEXITY = QualityMeasure("perplexity", "perplexity a piece of the validation set", min)
"""For language models, which have no BLEU."""


@dataclass(frozen=True)
class CurvesPlot:
    """Two panels, one colour a run: BLEU on the left; losses on the right, the training's pale.

    Where no run has a BLEU the left panel shows perplexities.

    Attributes:
        runs: folders of runs.
        horizontal: what the curves are drawn against.
    """

    name: ClassVar[str] = "curves"
    runs: list[str] | str
    horizontal: Horizontal

    def __call__(self) -> Figure:
        """Read all runs and draw them over each other.

        Raises:
            NmtError: if a run has no metrics yet.
        """
        runs = [self.runs] if isinstance(self.runs, str) else self.runs
        return draw({run: read(Path(run)) for run in runs}, self.horizontal)


def read(run: Path) -> list[Record]:
    """Read a run's records.

    Raises:
        NmtError: if there is no file, or no validation in it.
    """
    found = records.read(run)
    if not any(record["kind"] == "validation" for record in found):
        raise NmtError(f"{run / 'metrics.jsonl'} has no validation yet; expected at least one")
    return found


def draw(runs: dict[str, list[Record]], horizontal: Horizontal) -> Figure:
    """Draw the records of each run under its name, and write its best value at the point."""
    known = any(points(found, "validation", horizontal, "bleu")[1] for found in runs.values())
    quality = BLEU if known else PERPLEXITY
    figure = paper(9.0, 3.8)
    left, right = figure.subplots(1, 2)
    for number, (run, found) in enumerate(runs.items()):
        ink = colour(number)
        updates = points(found, "update", horizontal, "loss")
        losses = points(found, "validation", horizontal, "loss")
        scores = points(found, "validation", horizontal, quality.field)
        right.plot(*updates, color=ink, alpha=0.35, linewidth=1)
        right.plot(*losses, color=ink, marker="o", markersize=3)
        left.plot(*scores, color=ink, marker="o", markersize=3, label=run, clip_on=False)
        if scores[1]:
            best = quality.best(scores[1])
            where = (scores[0][scores[1].index(best)], best)
            left.annotate(
                f"{best:.1f}", where, (0, 5), textcoords="offset points", color=ink, ha="center"
            )
    tidy(left, horizontal.label, quality.label)
    tidy(right, horizontal.label, "loss, nats a piece (pale: training)")
    left.margins(y=0.1)
    left.set_ylim(bottom=0)
    for axes in (left, right):
        axes.set_xlim(left=0)
    figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return figure


def points(
    found: list[Record], kind: str, horizontal: Horizontal, field: str
) -> tuple[list[float], list[float]]:
    """Give the places on both axes of those records of a kind that know the vertical number.

    Raises:
        NmtError: if such a record does not know the horizontal one.
    """
    chosen = [one for one in found if one["kind"] == kind and one.get(field) is not None]
    for record in chosen:
        if horizontal.field not in record:
            known = ", ".join(record)
            raise NmtError(f"records of kind {kind} have no {horizontal.field!r}, but {known}")
    across = [record[horizontal.field] / horizontal.unit for record in chosen]
    return across, [float(record[field]) for record in chosen]
