"""Text to text: `Translator.load(run).translate(lines)`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.config.instantiate import instantiate
from nmt.data.special_ids import END, UNKNOWN
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.windows import LineWindows
from nmt.inference.line_translator import LineTranslator
from nmt.inference.long_lines.long_lines import LongLines
from nmt.inference.long_lines.split import SplitLongLines
from nmt.inference.scorer_options import DEFAULT, ScorerOptions
from nmt.inference.sentences.sentences import Sentences
from nmt.inference.sentences.split import SplitSentences
from nmt.inference.translation import Translation
from nmt.inspection.model_folder import InspectedModel, inspect_all
from nmt.models.saved.folder import building
from nmt.models.saved.translation_model import CONFIGURATION, SavedTranslationModel
from nmt.runtime.device import choose
from nmt.runtime.errors import ModelError
from nmt.runtime.worker_pool import WorkerPool, resolve_count
from nmt.search.hypothesis import Hypothesis
from nmt.search.in_parts import in_parts
from nmt.search.scorers.single import SingleModel, SingleModelState
from nmt.search.search import Scorer, Search

ADVICE = "give smaller search.size or long_lines.max_pieces, or close other programs"


@dataclass(frozen=True)
class Translator:
    """Translates lines with one model or several; thread-safe, as it has no state.

    Attributes:
        scorer: of the model or models.
        tokenizers: of source and target.
        search: finds the translations.
        sentences: splits lines into sentences.
        long_lines: handles sentences of too many pieces.
        windows: how much of the input is held at once.
        device: where the models are.
        workers: processes of one thread each that share the batches of a window; 1 is this process
            alone. They start with the first window that has several batches.
    """

    scorer: Scorer
    tokenizers: Tokenizers
    search: Search
    sentences: Sentences
    long_lines: LongLines
    windows: LineWindows
    device: torch.device
    workers: int = 1

    @classmethod
    def load(
        cls,
        runs: str | Path | Sequence[str | Path],
        search: Search | None = None,
        sentences: Sentences | None = None,
        long_lines: LongLines | None = None,
        windows: LineWindows | None = None,
        device: str = "auto",
        trust: Sequence[str] = (),
        options: ScorerOptions = DEFAULT,
    ) -> "Translator":
        """Load a trained model, or several as an ensemble.

        Args:
            runs: folder of a trained model, or of several for an ensemble.
            search: None takes the one that is saved with the (first) model.
            sentences: None is `SplitSentences("de")`.
            long_lines: None is `SplitLongLines()`.
            windows: None is `LineWindows()`.
            device: `auto` takes CUDA where there is one; or `cpu`, `cuda`, `cuda:1`.
            trust: packages of the user whose classes the models may name.
            options: number format, shortlist, and a language model to fuse with.

        Raises:
            ModelError: if a model is missing, altered or not allowed, or models do not fit.
            ConfigurationError: if the device does not exist.

        Example, with the model that `python -m nmt.train` writes:
            >>> translator = Translator.load("runs/default")
            >>> translator.translate(["Der Hund schläft.", ""])
            ['...', '']
        """
        folders = [runs] if isinstance(runs, str | Path) else list(runs)
        models = inspect_all(folders, ("model",), trust)
        return cls.of(models, search, sentences, long_lines, windows, device, options)

    @classmethod
    def of(
        cls,
        models: Sequence[InspectedModel],
        search: Search | None = None,
        sentences: Sentences | None = None,
        long_lines: LongLines | None = None,
        windows: LineWindows | None = None,
        device: str = "auto",
        options: ScorerOptions = DEFAULT,
    ) -> "Translator":
        """Load models whose folders are inspected; see `load`."""
        if not models:
            raise ModelError("no model is given; give run=FOLDER, or run=[FOLDER,FOLDER]")
        chosen = choose(device)
        loaded = [SavedTranslationModel.load(model, chosen) for model in models]
        _check_vocabularies(loaded)
        first = loaded[0]
        search = search or _saved_search(first, chosen)
        scorer = options(loaded, models[0].trust, chosen)
        sentences = sentences or SplitSentences("de")
        long_lines, windows = long_lines or SplitLongLines(), windows or LineWindows()
        return cls(scorer, first.tokenizers, search, sentences, long_lines, windows, chosen)

    def shared(self, workers: object, threads: object) -> "Translator":
        """Return a translator whose work is shared by so many processes, `auto` where that helps
        (`nmt.runtime.worker_pool.resolve_count`).

        Raises:
            ConfigurationError: if it is no such number, or several processes cannot work so.
        """
        number = resolve_count(workers, threads, self.device.type, torch.get_num_threads())
        return replace(self, workers=number)

    def translate(self, lines: Iterable[str]) -> list[str]:
        """Return the best translation of each line, in order; that of an empty line is empty."""
        return [translation.text for translation in self.stream(lines)]

    def stream(self, lines: Iterable[str]) -> Iterator[Translation]:
        """Translate an input of any length, holding one window of it; yield one per line.

        See `LineTranslator.stream`.
        """
        workers = partial(WorkerPool, self._find, self.workers, SingleProcess(self._find))
        by_line = LineTranslator(
            workers, self.tokenizers, self.sentences, self.long_lines, self.windows
        )
        return by_line.stream(lines)

    @torch.inference_mode()
    def _find(self, padded: list[list[int]]) -> list[list[Hypothesis]]:
        source = torch.tensor(padded, device=self.device)
        return in_parts(self.search, self.scorer, source, ADVICE)


@dataclass(frozen=True)
class SingleProcess:
    """Calls a function with one thread, in one of several processes."""

    function: Callable[[Any], Any]

    def __call__(self, value: Any) -> Any:
        """Return what the function returns."""
        if torch.get_num_threads() > 1:
            torch.set_num_threads(1)
        return self.function(value)


def _saved_search(model: SavedTranslationModel, device: torch.device) -> Search:
    """Build the search that a model was saved with, and try it on one piece, for one step."""
    with building(model.folder / CONFIGURATION):
        search: Search = instantiate(model.config["search"])
        search(_EndingModel(model.model), torch.tensor([[UNKNOWN, END]], device=device))
    return search


class _EndingModel(SingleModel):
    """A model by which every translation ends at once."""

    def step(
        self, ids: Int[Tensor, " rows"], state: SingleModelState
    ) -> tuple[Float[Tensor, "rows choices"], SingleModelState]:
        """Return the logits with END as the only piece, and the state."""
        logits, state = super().step(ids, state)
        others = torch.arange(logits.shape[1], device=logits.device) != END
        return logits.masked_fill(others, -torch.inf), state


def _check_vocabularies(models: Sequence[SavedTranslationModel]) -> None:
    first = models[0]
    for model in models:
        for side, own, other in (
            ("source", first.tokenizers.source, model.tokenizers.source),
            ("target", first.tokenizers.target, model.tokenizers.target),
        ):
            if not own.same_pieces(other):
                raise ModelError(
                    f"{model.folder} has another {side} vocabulary than {first.folder}; the models"
                    " of an ensemble must be trained on the same prepared corpus"
                )
