"""Gradients of whole models on one text: of trained runs, and of networks as training starts."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast

import torch
from jaxtyping import Int
from torch import Tensor

from nmt.analysis.gradients import flow
from nmt.analysis.gradients.flow import DecoderSteps, LanguageSteps, Steps
from nmt.analysis.gradients.table import EMBEDDING, FRESH, STATE, TRAINED, GradientCurve
from nmt.data.special_ids import BEGIN, END
from nmt.data.text import streams
from nmt.data.text.cleaning import clean
from nmt.data.text.invalid_text.invalid_text import InvalidText
from nmt.data.text.parallel import parallel
from nmt.data.tokenization.tokenizer import Tokenizer
from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import pad
from nmt.inspection.model_folder import InspectedModel
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.runtime.errors import CorpusError, ModelError

log = logging.getLogger(__name__)

Batches = Iterator[tuple[Steps, Int[Tensor, "rows bounded"]]]
"""A model's steps, and what it reads: BEGIN, pieces, END, PADDING."""


@dataclass(frozen=True)
class MeasuredText:
    """The text that all models read.

    Attributes:
        lines: none of them empty.
        sources: the lines that these translate, one each; None where no model translates.
    """

    lines: Sequence[str]
    sources: Sequence[str] | None


@dataclass(frozen=True)
class TextReader:
    """Reads the first lines of files.

    Attributes:
        lines: that are read at most.
        joined: consecutive lines of a file that are read as one.
        invalid_text: handles lines that are not UTF-8.
    """

    lines: int
    joined: int
    invalid_text: InvalidText

    def __call__(self, name: str, suffix: str, source: str | None) -> MeasuredText:
        """Read a text, and its source if there is one; empty lines are left out.

        Args:
            name: a file, or one of the starter corpus as in `starter:valid`.
            suffix: of the latter, as in `.en`.
            source: of the text, likewise, in `.de`.

        Raises:
            CorpusError: if a file cannot be read, the text is empty, or the source has another
                number of lines.
        """
        lines, sources = self._read(name, suffix), None
        if source is None:
            kept = [line for line in lines if line]
        else:
            both = parallel((name, source), lines, self._read(source, ".de"))
            pairs = [pair for pair in both if all(pair)]
            kept, sources = [line for line, _ in pairs], [line for _, line in pairs]
        if not kept:
            raise CorpusError(f"input={name} has no line of text; expected at least one")
        return MeasuredText(kept, sources)

    def _read(self, name: str, suffix: str) -> list[str]:
        texts = streams.read(name, suffix, self.invalid_text)
        lines = [clean(line).strip() for line in islice(texts, self.lines * self.joined)]
        starts = range(0, len(lines), self.joined)
        return [" ".join(lines[start : start + self.joined]).strip() for start in starts]


@dataclass(frozen=True)
class GradientMeasurement:
    """Measures models on one text, in float64.

    Attributes:
        text: that they read.
        windows: how much of it is unrolled at once.
        max_distance: in positions.
        device: of the models.
    """

    text: MeasuredText
    windows: LineWindows
    max_distance: int
    device: torch.device

    def trained(self, model: InspectedModel) -> Iterator[GradientCurve]:
        """Load a model of either kind, and yield its curve of each quantity.

        Raises:
            ModelError: if it cannot be loaded, or has no gradients.
        """
        if model.kind == "model":
            batches = self._pairs(SavedTranslationModel.load(model, self.device))
        else:
            if model.is_ngram:
                raise ModelError(f"{model.folder} holds an n-gram model, which has no gradients")
            saved = SavedLanguageModel.load(model, self.device)
            batches = self._lines(cast(LanguageNetwork, saved.model), saved.tokenizer)
        return self._curves(str(model.folder), TRAINED, batches)

    def fresh(
        self, name: str, network: LanguageNetwork, tokenizer: Tokenizer
    ) -> Iterator[GradientCurve]:
        """Yield the curve of each quantity of a network that is not trained yet."""
        network = network.to(self.device).eval().requires_grad_(False)
        return self._curves(name, FRESH, self._lines(network, tokenizer))

    def _curves(self, name: str, weights: str, batches: Batches) -> Iterator[GradientCurve]:
        log.info("measuring the gradients of %s (%s)", name, weights)
        norms = flow.concatenate(
            [flow.norms(steps, target, self.max_distance) for steps, target in batches]
        )
        for quantity in (STATE, EMBEDDING):
            yield GradientCurve(name, weights, quantity, flow.points(norms, quantity))

    def _lines(self, network: LanguageNetwork, tokenizer: Tokenizer) -> Batches:
        steps = LanguageSteps(network.double())
        ids = tokenizer.encode_lines(self.text.lines)
        for rows in self.windows.batches([len(line) + 2 for line in ids]):
            yield steps, pad([[BEGIN, *ids[row], END] for row in rows]).to(self.device)

    def _pairs(self, saved: SavedTranslationModel) -> Batches:
        network = saved.model.double()
        sources = saved.tokenizers.source.encode_lines(self.text.sources or ())
        ids = saved.tokenizers.target.encode_lines(self.text.lines)
        lengths = [max(map(len, pair)) + 2 for pair in zip(sources, ids, strict=True)]
        for rows in self.windows.batches(lengths):
            source = pad([[*sources[row], END] for row in rows]).to(self.device)
            target = pad([[BEGIN, *ids[row], END] for row in rows]).to(self.device)
            yield DecoderSteps(network, source), target
