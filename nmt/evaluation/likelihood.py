"""Log-probabilities of lines under a language model, of translations under a translation model."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.batch import Batch
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.data.text.cleaning import clean
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.data.windows import LineWindows
from nmt.evaluation.perplexity import count_words, perplexities
from nmt.inspection.model_folder import InspectedModel
from nmt.models.language_models.language_model import PieceLanguageModel
from nmt.models.log_probabilities import log_probabilities
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.models.translation_model import TranslationModel
from nmt.runtime.errors import CorpusError, ModelError

SHOWN = 40  # characters of a line that a message shows


@dataclass(frozen=True)
class Likelihood:
    """How probable a model finds one line.

    Attributes:
        log_probability: of all its pieces and END, in nats; minus infinity if it is impossible.
        pieces: number of pieces, END included.
        words: number of words between white space, and END.
    """

    log_probability: float
    pieces: int
    words: int


@dataclass(frozen=True)
class ScoredLine:
    """A line to score.

    Attributes:
        text: the line.
        source: the line that it translates; empty for a language model.
    """

    text: str
    source: str


@runtime_checkable
class LikelihoodScorer(Protocol):
    """Scores lines by a model; control characters in them are read as spaces."""

    def __call__(self, lines: Iterable[ScoredLine]) -> Iterator[Likelihood]:
        """Yield the likelihood of each line, in order, holding one window of lines.

        Raises:
            ModelError: if the model's log-probabilities are NaN or positive.
        """
        ...


@dataclass(frozen=True)
class LanguageModelScorer(LikelihoodScorer):
    """Scores lines by a language model.

    Attributes:
        model: in evaluation mode.
        tokenizer: the model's.
        windows: how many lines are held at once, and the size of batches.
        device: of the model.
    """

    model: PieceLanguageModel
    tokenizer: Tokenizer
    windows: LineWindows
    device: torch.device

    def __call__(self, lines: Iterable[ScoredLine]) -> Iterator[Likelihood]:
        """Yield the likelihood of each line; sources are ignored."""
        return _in_windows(lines, self.windows, self._window)

    def _window(self, lines: Sequence[ScoredLine]) -> list[Likelihood]:
        ids = self.tokenizer.encode_lines([line.text for line in lines])
        totals = [0.0] * len(ids)
        for rows in self.windows.batches([len(row) + 2 for row in ids]):
            target = pad([[BEGIN, *ids[row], END] for row in rows]).to(self.device)
            for row, total in zip(rows, self.model.log_probabilities(target), strict=True):
                totals[row] = float(total.double().sum())
        return _likelihoods(lines, ids, totals)


@dataclass(frozen=True)
class TranslationModelScorer(LikelihoodScorer):
    """Scores translations by a translation model, given their sources.

    Attributes:
        model: in evaluation mode.
        tokenizers: the model's.
        windows: how many lines are held at once, and the size of batches.
        device: of the model.
    """

    model: TranslationModel
    tokenizers: Tokenizers
    windows: LineWindows
    device: torch.device

    def __call__(self, lines: Iterable[ScoredLine]) -> Iterator[Likelihood]:
        """Yield the likelihood of each line as the translation of its source.

        Raises:
            CorpusError: if a line or its source is too long for a batch.
        """
        return _in_windows(lines, self.windows, self._window)

    @torch.inference_mode()
    def _window(self, lines: Sequence[ScoredLine]) -> list[Likelihood]:
        sources = self.tokenizers.source.encode_lines([line.source for line in lines])
        ids = self.tokenizers.target.encode_lines([line.text for line in lines])
        lengths = [max(map(len, pair)) + 2 for pair in zip(sources, ids, strict=True)]
        self._check(lines, lengths)
        totals = [0.0] * len(ids)
        for rows in self.windows.batches(lengths):
            source = pad([[*sources[row], END] for row in rows]).to(self.device)
            target = pad([[BEGIN, *ids[row], END] for row in rows]).to(self.device)
            for row, total in zip(rows, self._totals(Batch(source, target)), strict=True):
                totals[row] = float(total)
        return _likelihoods(lines, ids, totals)

    def _check(self, lines: Sequence[ScoredLine], lengths: Sequence[int]) -> None:
        """Check that attention, positions of the source times those of the target, fits."""
        for line, length in zip(lines, lengths, strict=True):
            if length > self.windows.pieces:
                raise CorpusError(
                    f"a line or its source, beginning {line.text[:SHOWN]!r}, has {length} pieces,"
                    f" more than windows.pieces={self.windows.pieces}; split the line, or raise"
                    " windows.pieces"
                )

    def _totals(self, batch: Batch) -> Float[Tensor, " batch"]:
        real = batch.mask
        values = log_probabilities(self.model.logits, self.model(batch)[real], batch.labels[real])
        padded = torch.zeros(real.shape, dtype=torch.float64, device=real.device)
        padded[real] = values.double()
        return padded.sum(dim=1)


def load_scorer(
    model: InspectedModel, windows: LineWindows, device: torch.device
) -> LikelihoodScorer:
    """Load a model, of either kind, as a scorer of lines.

    Args:
        model: its folder, as inspection returned it.
        windows: how many lines are held at once, and the size of batches.
        device: of the weights.

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
    """Totals over lines.

    Attributes:
        lines: number of lines.
        log_probability: of all, in nats.
        pieces, words: of all, with an END for each line.
    """

    lines: int = 0
    log_probability: float = 0.0
    pieces: int = 0
    words: int = 0

    def add(self, line: Likelihood) -> None:
        """Add a line."""
        self.lines += 1
        self.log_probability += line.log_probability
        self.pieces += line.pieces
        self.words += line.words

    def values(self) -> dict[str, float]:
        """Return cross-entropy (nats per piece) and the perplexities per piece and per word.

        Raises:
            CorpusError: if there was no line.
        """
        if not self.lines:
            raise CorpusError("the text has no line; expected at least one to score")
        nats = -self.log_probability / self.pieces
        return {"cross_entropy": nats, **perplexities(nats, self.pieces, self.words)}


def pad(rows: Sequence[Sequence[int]]) -> Int[Tensor, "rows positions"]:
    """Return rows of ids as one tensor, with PADDING at their ends."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[PADDING] * (width - len(row))] for row in rows])


def _in_windows(
    lines: Iterable[ScoredLine],
    windows: LineWindows,
    score: Callable[[Sequence[ScoredLine]], list[Likelihood]],
) -> Iterator[Likelihood]:
    for window in windows.split(lines, lambda line: len(line.text) + len(line.source)):
        yield from score(window)


def _likelihoods(
    lines: Sequence[ScoredLine], ids: Sequence[Sequence[int]], totals: Sequence[float]
) -> list[Likelihood]:
    # Minus infinity is allowed: an n-gram model from an ARPA file may hold lines impossible.
    if any(math.isnan(total) or total > 0 for total in totals):
        raise ModelError(
            "a line's log-probability is NaN or positive; the model's weights are broken, train it"
            " again"
        )
    return [
        Likelihood(total, len(row) + 1, count_words(clean(line.text)))
        for line, row, total in zip(lines, ids, totals, strict=True)
    ]
