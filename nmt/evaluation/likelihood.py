"""How probable lines are under a language model, and translations under a translation model."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.batch import Batch
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.data.windows import LineWindows
from nmt.evaluation.perplexity import count_words, perplexities
from nmt.inspection.model_folder import InspectedModel
from nmt.models.language_models.language_model import PieceLanguageModel
from nmt.models.log_probabilities import log_probabilities
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.models.translation_model import TranslationModel
from nmt.runtime.control_characters import cleaned
from nmt.runtime.errors import CorpusError, ModelError

SHOWN = 40  # characters of a line that a message shows


@dataclass(frozen=True)
class Likelihood:
    """What a model says of one line.

    Attributes:
        log_probability: of all its pieces and END, in nats; minus infinity where impossible.
        pieces: how many these are, END included.
        words: what stands between white space, and END.
    """

    log_probability: float
    pieces: int
    words: int


@dataclass(frozen=True)
class ScoredLine:
    """A line to judge; `source` is what it translates, or nothing for a language model."""

    text: str
    source: str


@runtime_checkable
class LikelihoodScorer(Protocol):
    """Says how probable lines are; control characters in them are read as spaces."""

    def __call__(self, lines: Iterable[ScoredLine]) -> Iterator[Likelihood]:
        """Give a likelihood for each line, in order, holding one window of them."""
        ...


@dataclass(frozen=True)
class LanguageModelScorer(LikelihoodScorer):
    """Judges lines by a language model.

    Attributes:
        model: at rest.
        tokenizer: its own.
        windows: how much is held at once.
        device: where the model is.
    """

    model: PieceLanguageModel
    tokenizer: Tokenizer
    windows: LineWindows
    device: torch.device

    def __call__(self, lines: Iterable[ScoredLine]) -> Iterator[Likelihood]:
        """Judge each line on its own; sources are not looked at."""
        return _in_windows(lines, self.windows, self._window)

    def _window(self, lines: Sequence[ScoredLine]) -> list[Likelihood]:
        ids = self.tokenizer.encode_lines([cleaned(line.text) for line in lines])
        totals = [0.0] * len(ids)
        for rows in self.windows.batches([len(one) + 2 for one in ids]):
            target = padded([[BEGIN, *ids[row], END] for row in rows]).to(self.device)
            for row, total in zip(rows, self.model.log_probabilities(target), strict=True):
                totals[row] = float(total.double().sum())
        return _likelihoods(lines, ids, totals)


@dataclass(frozen=True)
class TranslationModelScorer(LikelihoodScorer):
    """Judges translations by a translation model, given their sources.

    Attributes:
        model: at rest.
        tokenizers: its own.
        windows: how much is held at once.
        device: where the model is.
    """

    model: TranslationModel
    tokenizers: Tokenizers
    windows: LineWindows
    device: torch.device

    def __call__(self, lines: Iterable[ScoredLine]) -> Iterator[Likelihood]:
        """Judge each line as the translation of its source."""
        return _in_windows(lines, self.windows, self._window)

    @torch.inference_mode()
    def _window(self, lines: Sequence[ScoredLine]) -> list[Likelihood]:
        sources = self.tokenizers.source.encode_lines([cleaned(line.source) for line in lines])
        ids = self.tokenizers.target.encode_lines([cleaned(line.text) for line in lines])
        lengths = [max(len(one), len(two)) + 2 for one, two in zip(sources, ids, strict=True)]
        self._check(lines, lengths)
        totals = [0.0] * len(ids)
        for rows in self.windows.batches(lengths):
            source = padded([[*sources[row], END] for row in rows]).to(self.device)
            target = padded([[BEGIN, *ids[row], END] for row in rows]).to(self.device)
            for row, total in zip(rows, self._totals(Batch(source, target)), strict=True):
                totals[row] = float(total)
        return _likelihoods(lines, ids, totals)

    def _check(self, lines: Sequence[ScoredLine], lengths: Sequence[int]) -> None:
        """Refuse what attention, places of one side times places of the other, has no room for."""
        for line, length in zip(lines, lengths, strict=True):
            if length > self.windows.pieces:
                raise CorpusError(
                    f"a line or its source, beginning {line.text[:SHOWN]!r}, has {length} pieces,"
                    f" more than windows.pieces={self.windows.pieces}; it is judged whole: split"
                    " it, or raise windows.pieces"
                )

    def _totals(self, batch: Batch) -> Float[Tensor, " batch"]:
        real = batch.mask
        said = log_probabilities(self.model.logits, self.model(batch)[real], batch.labels[real])
        found = torch.zeros(real.shape, dtype=torch.float64, device=real.device)
        found[real] = said.double()
        return found.sum(dim=1)


def load(model: InspectedModel, windows: LineWindows, device: torch.device) -> LikelihoodScorer:
    """Load the scorer of a model, whichever kind it is.

    Args:
        model: the folder, as its inspection returned it.
        windows: how many lines are scored at once.
        device: where the weights go.

    Raises:
        ModelError: if the model cannot be built.
    """
    if model.kind == "language_model":
        language = SavedLanguageModel.load(model, device)
        return LanguageModelScorer(language.model, language.tokenizer, windows, device)
    translation = SavedTranslationModel.load(model, device)
    return TranslationModelScorer(translation.model, translation.tokenizers, windows, device)


@dataclass
class LikelihoodTotal:
    """Sums over lines.

    Attributes:
        lines: how many.
        log_probability: in nats.
        pieces, words: END included, one a line.
    """

    lines: int = 0
    log_probability: float = 0.0
    pieces: int = 0
    words: int = 0

    def add(self, one: Likelihood) -> None:
        """Count a line."""
        self.lines += 1
        self.log_probability += one.log_probability
        self.pieces += one.pieces
        self.words += one.words

    def values(self) -> dict[str, float]:
        """Give cross-entropy (nats a piece) and perplexities a piece and a word.

        Raises:
            CorpusError: if there was no line.
        """
        if not self.lines:
            raise CorpusError("the text has no line; expected at least one to score")
        nats = -self.log_probability / self.pieces
        return {"cross_entropy": nats, **perplexities(nats, self.pieces, self.words)}


def padded(rows: Sequence[Sequence[int]]) -> Int[Tensor, "rows places"]:
    """Make one tensor of rows of ids, with PADDING at their ends."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[PADDING] * (width - len(row))] for row in rows])


def _in_windows(
    lines: Iterable[ScoredLine],
    windows: LineWindows,
    judge: Callable[[Sequence[ScoredLine]], list[Likelihood]],
) -> Iterator[Likelihood]:
    for window in windows.split(lines, lambda line: len(line.text) + len(line.source)):
        yield from judge(window)


def _likelihoods(
    lines: Sequence[ScoredLine], ids: Sequence[Sequence[int]], totals: Sequence[float]
) -> list[Likelihood]:
    # Minus infinity is what an n-gram model from elsewhere says of what it holds impossible.
    if any(math.isnan(total) or total > 0 for total in totals):
        raise ModelError(
            "a line's log-probability is no number below 0; the model's weights are broken, train"
            " it again"
        )
    return [
        Likelihood(total, len(one) + 1, count_words(cleaned(line.text)))
        for line, one, total in zip(lines, ids, totals, strict=True)
    ]
