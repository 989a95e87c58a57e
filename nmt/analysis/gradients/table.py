"""Norms of gradients by distance as a CSV file, for plots and for other programs."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from nmt.runtime import output_files
from nmt.runtime.errors import NmtError

STATE, EMBEDDING = "state", "embedding"
"""The quantities: what the gradient of a loss is taken with respect to."""

FRESH, TRAINED = "fresh", "trained"
"""The states of weights."""

BAND = (10, 90)
"""The lower and the upper percentile reported with a mean."""

HEADER = (
    "model",
    "weights",
    "quantity",
    "distance",
    "count",
    "mean",
    *(f"percentile_{percent}" for percent in BAND),
)


@dataclass(frozen=True)
class GradientPoint:
    """The norms at one distance.

    Attributes:
        distance: positions between the variable and the loss.
        count: number of the norms.
        mean: of the norms.
        low, high: their percentiles BAND.
    """

    distance: int
    count: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class GradientCurve:
    """One model's norms of one quantity.

    Attributes:
        model: a run's folder, or a cell's name if the weights are fresh.
        weights: FRESH or TRAINED.
        quantity: STATE or EMBEDDING.
        points: by rising distance.
    """

    model: str
    weights: str
    quantity: str
    points: tuple[GradientPoint, ...]


def write(path: Path, curves: Iterable[GradientCurve]) -> None:
    """Write a CSV file with a line for each point, its numbers with 6 digits.

    Raises:
        NmtError: if it cannot be written.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(HEADER)
    for curve in curves:
        for point in curve.points:
            numbers = [f"{number:.6g}" for number in (point.mean, point.low, point.high)]
            name = (curve.model, curve.weights, curve.quantity)
            lines.writerow([*name, point.distance, point.count, *numbers])
    output_files.write(path, text.getvalue().encode())


def read(path: Path) -> list[GradientCurve]:
    """Read what `write` wrote.

    Raises:
        NmtError: if the file is missing or not such a table.
    """
    try:
        header, *lines = csv.reader(path.read_text(encoding="utf-8").splitlines())
        if tuple(header) != HEADER:
            raise ValueError(f"its header is {','.join(header)}")
        return [
            GradientCurve(*name, tuple(_point(line) for line in group))
            for name, group in groupby(lines, key=_name)
        ]
    except OSError as error:
        raise NmtError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        raise NmtError(
            f"{path} is not a table of gradients ({error}); expected what `python -m nmt.gradients`"
            " writes"
        ) from error


def _name(line: Sequence[str]) -> tuple[str, str, str]:
    model, weights, quantity, *_ = line
    return model, weights, quantity


def _point(line: Sequence[str]) -> GradientPoint:
    distance, count, mean, low, high = line[3:]
    return GradientPoint(int(distance), int(count), float(mean), float(low), float(high))
