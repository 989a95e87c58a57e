"""Where a model looked while it wrote each piece of a translation."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from nmt.plots.picture import INK, PALE, paper

WORD_START = "▁"  # SentencePiece's sign before the first piece of a word
CONTINUED = "·"  # shown before all others, as most pieces are whole words
END = "END"
SHADES = LinearSegmentedColormap.from_list("weights", ["#ffffff", "#9ecae1", "#2171b5", "#08306b"])


@dataclass(frozen=True)
class Alignment:
    """Attention's weights of one sentence and its translation.

    Attributes:
        source: pieces that were looked at, END the last.
        target: pieces that were written, END the last.
        weights: `[target, source]`; each row sums to 1.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: npt.NDArray[np.float32]


def draw(alignment: Alignment) -> Figure:
    """Draw the source from left to right and the translation downwards; dark is looked at."""
    rows, columns = alignment.weights.shape
    cell = min(0.36, 14 / max(rows, columns))
    figure = paper(columns * cell + 2.4, rows * cell + 1.5)
    axes = figure.add_subplot()
    image = axes.imshow(alignment.weights, cmap=SHADES, vmin=0, vmax=1, aspect="equal")
    size = min(10.0, cell * 30)
    axes.xaxis.tick_top()
    axes.set_xticks(
        range(columns), _labels(alignment.source), rotation=55, ha="left", fontsize=size
    )
    axes.set_yticks(range(rows), _labels(alignment.target), fontsize=size)
    axes.tick_params(length=0, colors=INK, pad=3)
    axes.spines[:].set_color(PALE)
    for edge in _ends(alignment.source):
        axes.axvline(edge, color=PALE, linewidth=0.7)
    for edge in _ends(alignment.target):
        axes.axhline(edge, color=PALE, linewidth=0.7)
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=25, pad=0.02, ticks=[0, 0.5, 1])
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, colors=INK, labelsize=8)
    bar.set_label("weight", color=INK, fontsize=9)
    return figure


def _begins(piece: str) -> bool:
    """Tell whether a piece begins what a reader sees as a unit: a word, or a sign after one."""
    return piece.startswith(WORD_START) or not piece[0].isalnum()


def _labels(pieces: tuple[str, ...]) -> list[str]:
    """Write pieces as a reader finds them: no sign before words, a dot before their other parts."""
    shown = [piece.removeprefix(WORD_START) or WORD_START for piece in pieces[:-1]]
    dots = ["" if _begins(piece) else CONTINUED for piece in pieces[:-1]]
    return [*(dot + text for dot, text in zip(dots, shown, strict=True)), END]


def _ends(pieces: tuple[str, ...]) -> list[float]:
    """Give the edges between cells at which a word ends."""
    last = len(pieces) - 1
    return [place - 0.5 for place in range(1, last + 1) if place == last or _begins(pieces[place])]
