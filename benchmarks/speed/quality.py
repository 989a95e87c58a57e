"""`quality`: validation BLEU against minutes of training, of this program and of others."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed.keys import parse

Curve = list[tuple[float, float]]
"""Minutes and BLEU, in the order of time."""


@dataclass(frozen=True)
class Keys:
    """What is tabulated and plotted.

    Attributes:
        curves: NAME:FILE each; FILE is a run's `metrics.jsonl`, its folder, or a CSV file with the
            columns `minutes` and `bleu`.
        levels: BLEU values; the table has the minutes until each is reached.
        moments: minutes; the table has the best BLEU until each.
        plot: file of the plot, .png or .svg; empty for none.
    """

    curves: tuple[str, ...] = ("",)
    levels: tuple[float, ...] = (10.0, 20.0, 30.0)
    moments: tuple[float, ...] = (10.0, 30.0, 60.0)
    plot: str = ""


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Read the curves, and return when each reached which BLEU."""
    keys, rest = parse(Keys, arguments)
    if rest or not any(keys.curves):
        sys.exit("expected curves=NAME:FILE,NAME:FILE and nothing that is not a key of quality")
    curves = {}
    for curve in keys.curves:
        name, colon, file = curve.partition(":")
        if not colon:
            sys.exit(f"curves={curve}: expected NAME:FILE")
        curves[name] = read(Path(file))
    rows = {
        name: {
            "minutes_to": {f"{level:g}": reached(curve, level) for level in keys.levels},
            "bleu_after": {f"{moment:g}": best(curve, moment) for moment in keys.moments},
        }
        for name, curve in curves.items()
    }
    if keys.plot:
        _draw(curves, Path(keys.plot))
    return {"threads": None, "curves": curves, "rows": rows}


def read(path: Path) -> Curve:
    """Read minutes and BLEU, of runs without the time of validations."""
    path = path / "metrics.jsonl" if path.is_dir() else path
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        sys.exit(f"{path} cannot be read: {error.strerror}")
    if path.suffix == ".jsonl":
        curve, validated = [], 0.0
        for record in map(json.loads, text.splitlines()):
            validated += record.get("validation_seconds", 0.0)
            if record["kind"] == "validation":
                curve.append(((record["seconds"] - validated) / 60, record["bleu"]))
    else:
        rows = csv.DictReader(text.splitlines())
        if not {"minutes", "bleu"} <= set(rows.fieldnames or ()):
            sys.exit(f"{path} has the columns {rows.fieldnames}; expected minutes and bleu")
        curve = [(float(row["minutes"]), float(row["bleu"])) for row in rows]
    if not curve:
        sys.exit(f"{path} has no validation")
    return sorted(curve)


def reached(curve: Curve, level: float) -> float | None:
    """Return the minutes until a validation reached a BLEU; None if none did."""
    return next((minutes for minutes, bleu in curve if bleu >= level), None)


def best(curve: Curve, moment: float) -> float | None:
    """Return the best BLEU until a moment; None before the first validation."""
    return max((bleu for minutes, bleu in curve if minutes <= moment), default=None)


def _draw(curves: dict[str, Curve], path: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        sys.exit("plot= needs matplotlib: pip install 'recurrent-nmt[plot]'")
    from nmt.analysis.plots.plot import colour, save, style_axes

    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    for number, (name, curve) in enumerate(curves.items()):
        minutes, scores = zip(*curve, strict=True)
        axes.plot(minutes, scores, "o-", markersize=3, color=colour(number), label=name)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    style_axes(axes, "minutes of training", "BLEU of the validation set, greedy")
    axes.legend(frameon=False, fontsize=9)
    save(figure, path)


def table(report: dict[str, Any]) -> list[str]:
    """Return the rows as a Markdown table."""
    rows = report["rows"]
    first = next(iter(rows.values()))
    heads = [f"minutes to BLEU {level}" for level in first["minutes_to"]]
    heads += [f"BLEU after {moment} minutes" for moment in first["bleu_after"]]
    lines = [f"| | {' | '.join(heads)} |", f"| --- |{' --: |' * len(heads)}"]
    for name, row in rows.items():
        values = [*row["minutes_to"].values(), *row["bleu_after"].values()]
        cells = ["" if value is None else f"{value:.1f}" for value in values]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines
