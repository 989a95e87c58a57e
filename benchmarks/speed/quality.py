"""`quality`: BLEU of the validation set against minutes of training, ours and others', drawn."""

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
    """What is drawn.

    Attributes:
        curves: NAME:FILE each; a `metrics.jsonl` of a run of ours, its folder, or a CSV file with
            the columns `minutes` and `bleu`.
        levels: BLEU whose minutes stand in the table.
        moments: minutes whose best BLEU so far stands there.
        picture: file of the plot, .png or .svg; empty for none.
    """

    curves: tuple[str, ...] = ("",)
    levels: tuple[float, ...] = (10.0, 20.0, 30.0)
    moments: tuple[float, ...] = (10.0, 30.0, 60.0)
    picture: str = ""


def main(words: Sequence[str]) -> dict[str, Any]:
    """Read the curves, and say when each reached what."""
    keys, rest = parse(Keys, words)
    if rest or not any(keys.curves):
        sys.exit("expected curves=NAME:FILE,NAME:FILE and nothing that is not a key of quality")
    curves = {}
    for word in keys.curves:
        name, colon, file = word.partition(":")
        if not colon:
            sys.exit(f"curves={word}: expected NAME:FILE")
        curves[name] = read(Path(file))
    rows = {
        name: {
            "minutes_to": {f"{level:g}": reached(curve, level) for level in keys.levels},
            "bleu_after": {f"{moment:g}": best(curve, moment) for moment in keys.moments},
        }
        for name, curve in curves.items()
    }
    if keys.picture:
        _draw(curves, Path(keys.picture))
    return {"threads": None, "curves": curves, "rows": rows}


def read(path: Path) -> Curve:
    """Read minutes and BLEU; of our runs at each validation, without the time of validations."""
    path = path / "metrics.jsonl" if path.is_dir() else path
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        sys.exit(f"{path} cannot be read: {error.strerror}")
    if path.suffix == ".jsonl":
        found, validated = [], 0.0
        for record in map(json.loads, text.splitlines()):
            validated += record.get("validation_seconds", 0.0)
            if record["kind"] == "validation":
                found.append(((record["seconds"] - validated) / 60, record["bleu"]))
    else:
        rows = csv.DictReader(text.splitlines())
        if not {"minutes", "bleu"} <= set(rows.fieldnames or ()):
            sys.exit(f"{path} has the columns {rows.fieldnames}; expected minutes and bleu")
        found = [(float(row["minutes"]), float(row["bleu"])) for row in rows]
    if not found:
        sys.exit(f"{path} has no validation")
    return sorted(found)


def reached(curve: Curve, level: float) -> float | None:
    """Give the minutes after which a validation first had so much BLEU; None if none had."""
    return next((minutes for minutes, bleu in curve if bleu >= level), None)


def best(curve: Curve, moment: float) -> float | None:
    """Give the best BLEU up to a moment; None before the first validation."""
    return max((bleu for minutes, bleu in curve if minutes <= moment), default=None)


def _draw(curves: dict[str, Curve], path: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        sys.exit("picture= needs matplotlib: pip install 'recurrent-nmt[plot]'")
    from nmt.analysis.plots.plot import colour, save, tidy

    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    for number, (name, curve) in enumerate(curves.items()):
        minutes, scores = zip(*curve, strict=True)
        axes.plot(minutes, scores, "o-", markersize=3, color=colour(number), label=name)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    tidy(axes, "minutes of training", "BLEU of the validation set, greedy")
    axes.legend(frameon=False, fontsize=9)
    save(figure, path)


def table(report: dict[str, Any]) -> list[str]:
    """Say the rows as a table for a page."""
    rows = report["rows"]
    first = next(iter(rows.values()))
    heads = [f"minutes to BLEU {level}" for level in first["minutes_to"]]
    heads += [f"BLEU after {moment} minutes" for moment in first["bleu_after"]]
    lines = [f"| | {' | '.join(heads)} |", f"| --- |{' --: |' * len(heads)}"]
    for name, row in rows.items():
        values = [*row["minutes_to"].values(), *row["bleu_after"].values()]
        said = ["" if value is None else f"{value:.1f}" for value in values]
        lines.append(f"| {name} | {' | '.join(said)} |")
    return lines
