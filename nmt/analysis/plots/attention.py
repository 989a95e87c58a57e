"""Attention weights of a sentence and its translation."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Int
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from nmt.analysis.plots.plot import INK, PALE, new_figure
from nmt.data.batch import Batch
from nmt.data.special_ids import BEGIN, END
from nmt.inspection.model_folder import InspectedModel
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.runtime.device import choose
from nmt.runtime.errors import NmtError
from nmt.search.scorers.single import SingleModel
from nmt.search.search import Search

log = logging.getLogger(__name__)

WORD_START = "▁"  # SentencePiece's mark before the first piece of a word
CONTINUED = "·"  # shown before all others, as most pieces are whole words
LAST = "END"
SHADES = LinearSegmentedColormap.from_list("weights", ["#ffffff", "#9ecae1", "#2171b5", "#08306b"])


@dataclass(frozen=True)
class Alignment:
    """Attention weights of one sentence and its translation.

    Attributes:
        source: pieces, END the last.
        target: pieces, END the last.
        weights: `[target, source]`; each row sums to 1, or to less if attention is local.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: npt.NDArray[np.float32]


@dataclass(frozen=True)
class AttentionPlot:
    """Translates a sentence, and draws the weights of a pass over the translation.

    Attributes:
        model: folder of the trained model, as its inspection returned it.
        input: the sentence.
        target: a translation; None for the model's own.
        search: finds the model's own translation.
        device: of the model.
        max_pieces: of the sentence and of the translation.
    """

    name: ClassVar[str] = "attention"
    model: InspectedModel
    input: str | int | float | None
    target: str | int | float | None
    search: Search
    device: str
    max_pieces: int

    def __call__(self) -> Figure:
        """Load the model and draw the sentence.

        Raises:
            NmtError: if there is no sentence, it is too long, or the model has no attention.
        """
        if self.input is None or not str(self.input).strip():
            raise NmtError("input is empty; expected a sentence: input='Ein Hund läuft.'")
        saved = SavedTranslationModel.load(self.model, choose(self.device))
        source = saved.tokenizers.source.encode(str(self.input))
        self._check("input", source)
        if self.target is None:
            target = translate(saved, self.search, source)
        else:
            target = saved.tokenizers.target.encode(str(self.target))
        log.info("%s", saved.tokenizers.target.decode(target))
        self._check("the translation", target)
        return draw(align(saved, source, target))

    def _check(self, name: str, ids: Sequence[int]) -> None:
        if len(ids) > self.max_pieces:
            raise NmtError(
                f"{name} has {len(ids)} pieces; expected at most plot.max_pieces={self.max_pieces}"
            )


@torch.inference_mode()
def translate(saved: SavedTranslationModel, search: Search, source: Sequence[int]) -> list[int]:
    """Return the ids of the best hypothesis for one sentence; both without END."""
    hypotheses = search(SingleModel(saved.model), _row(saved, [*source, END]))
    return list(hypotheses[0][0].ids)


@torch.inference_mode()
def align(saved: SavedTranslationModel, source: Sequence[int], target: Sequence[int]) -> Alignment:
    """Compute the weights of a sentence and a translation, both as ids without BEGIN and END.

    Raises:
        ModelError: if the decoder has no attention.
    """
    batch = Batch(_row(saved, [*source, END]), _row(saved, [BEGIN, *target, END]))
    weights = saved.model.attention_weights(batch)[0].float().cpu().numpy()
    return Alignment(
        (*saved.tokenizers.source.pieces(source), LAST),
        (*saved.tokenizers.target.pieces(target), LAST),
        weights,
    )


def _row(saved: SavedTranslationModel, ids: Sequence[int]) -> Int[Tensor, "1 positions"]:
    device = next(saved.model.parameters()).device
    return torch.tensor([list(ids)], device=device)


def draw(alignment: Alignment) -> Figure:
    """Draw the source from left to right and the translation downwards, high weights dark."""
    rows, columns = alignment.weights.shape
    cell = min(0.36, 14 / max(rows, columns))
    figure = new_figure(columns * cell + 2.4, rows * cell + 1.5)
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
    """Return whether a piece begins a word or is a punctuation mark."""
    return piece.startswith(WORD_START) or not piece[0].isalnum()


def _labels(pieces: tuple[str, ...]) -> list[str]:
    """Return pieces without SentencePiece's mark, with a dot before those within a word."""
    shown = [piece.removeprefix(WORD_START) or WORD_START for piece in pieces[:-1]]
    dots = ["" if _begins(piece) else CONTINUED for piece in pieces[:-1]]
    return [*(dot + text for dot, text in zip(dots, shown, strict=True)), LAST]


def _ends(pieces: tuple[str, ...]) -> list[float]:
    """Return the edges between cells at which a word ends."""
    last = len(pieces) - 1
    return [index - 0.5 for index in range(1, last + 1) if index == last or _begins(pieces[index])]
