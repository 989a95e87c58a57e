"""Text to text: `Translator.load(run).translate(lines)`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, overload

import torch

from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.windows import LineWindows
from nmt.inference import arguments
from nmt.inference.line_translator import LineTranslator
from nmt.inference.long_lines.long_lines import LongLines
from nmt.inference.scorer_options import DEFAULT, ScorerOptions
from nmt.inference.search_memory import fitted, lines_at_once
from nmt.inference.sentences.sentences import Sentences
from nmt.inference.translation import Translation
from nmt.inspection.model_folder import InspectedModel, inspect_all
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.runtime.device import choose
from nmt.runtime.errors import ArgumentError, ModelError
from nmt.runtime.worker_pool import WorkerPool, resolve_count
from nmt.search.hypothesis import Hypothesis
from nmt.search.in_parts import in_parts
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

    def __post_init__(self) -> None:
        """Check that the search of a line fits into memory.

        Raises:
            ConfigurationError: if it does not; names the largest number that does.
        """
        if self.device.type == "cpu":  # Other devices raise errors in time.
            lines_at_once(self.search, self.tokenizers.target.size, self.workers)

    @classmethod
    def load(
        cls,
        runs: str | Path | Sequence[str | Path],
        search: Search | str | None = None,
        sentences: Sentences | str | None = None,
        long_lines: LongLines | str | None = None,
        windows: LineWindows | str | None = None,
        device: str = "auto",
        trust: Sequence[str] = (),
        options: ScorerOptions = DEFAULT,
    ) -> "Translator":
        """Load a trained model, or several as an ensemble.

        Args:
            runs: folder of a trained model, or of several for an ensemble.
            search: an object, or a name in `conf/search` such as `beam` or `greedy`. None is, here
                and below, what `nmt translate` takes by default, so that both translate alike.
            sentences: an object, or a name in `conf/sentences`.
            long_lines: an object, or a name in `conf/long_lines`.
            windows: an object, or a name in `conf/windows`.
            device: `auto` takes CUDA where there is one; or `cpu`, `cuda`, `cuda:1`.
            trust: packages of the user whose classes the models may name.
            options: number format, shortlist, and a language model to fuse with.

        Raises:
            ModelError: if a model is missing, altered or not allowed, or models do not fit.
            ConfigurationError: if the device does not exist, or an argument is not what it takes.

        Example, with the model that `python -m nmt.train` writes:
            >>> translator = Translator.load("runs/default")
            >>> translator.translate(["Der Hund schläft.", ""])
            ['...', '']
            >>> translator.translate("Der Hund schläft.")
            '...'
        """
        if not isinstance(options, ScorerOptions):
            raise ArgumentError(f"options={options!r}: expected a ScorerOptions")
        models = inspect_all(arguments.folders(runs), ("model",), arguments.packages(trust))
        return cls.of(models, search, sentences, long_lines, windows, device, options)

    @classmethod
    def of(
        cls,
        models: Sequence[InspectedModel],
        search: Search | str | None = None,
        sentences: Sentences | str | None = None,
        long_lines: LongLines | str | None = None,
        windows: LineWindows | str | None = None,
        device: str = "auto",
        options: ScorerOptions = DEFAULT,
    ) -> "Translator":
        """Load models whose folders are inspected; see `load`."""
        if not models:
            raise ModelError("no model is given; give run=FOLDER, or run=[FOLDER,FOLDER]")
        parts = (
            arguments.part("search", search, Search),
            arguments.part("sentences", sentences, Sentences),
            arguments.part("long_lines", long_lines, LongLines),
            arguments.part("windows", windows, LineWindows),
        )
        chosen = choose(device)
        loaded = [SavedTranslationModel.load(model, chosen) for model in models]
        _check_vocabularies(loaded)
        scorer = options(loaded, models[0].trust, chosen)
        return cls(scorer, loaded[0].tokenizers, *parts, chosen)

    def shared(self, workers: object, threads: object) -> "Translator":
        """Return a translator whose work is shared by so many processes, `auto` where that helps
        (`nmt.runtime.worker_pool.resolve_count`).

        Raises:
            ConfigurationError: if it is no such number, or several processes cannot work so.
        """
        number = resolve_count(workers, threads, self.device.type, torch.get_num_threads())
        return replace(self, workers=number)

    @overload
    def translate(self, lines: str) -> str: ...  # type: ignore[overload-overlap]

    @overload
    def translate(self, lines: Iterable[str]) -> list[str]: ...

    def translate(self, lines: str | Iterable[str]) -> str | list[str]:
        """Return the best translation of each line, in order; that of an empty line is empty.

        Args:
            lines: a single str is one line, whose translation is returned as a str.

        Raises:
            ArgumentError: if a line is no str.
        """
        texts = [translation.text for translation in self.stream(lines)]
        return texts[0] if isinstance(lines, str) else texts

    def stream(self, lines: str | Iterable[str]) -> Iterator[Translation]:
        """Translate an input of any length, holding one window of it; yield one per line.

        See `LineTranslator.stream`; a single str is one line.

        Raises:
            ArgumentError: if a line is no str.
        """
        given = arguments.lines(lines)
        workers = partial(WorkerPool, self._find, self.workers, SingleProcess(self._find))
        by_line = LineTranslator(
            workers, self.tokenizers, self.sentences, self.long_lines, self._windows()
        )
        return by_line.stream(given)

    def _windows(self) -> LineWindows:
        if self.device.type != "cpu":
            return self.windows
        return fitted(self.windows, self.search, self.tokenizers.target.size, self.workers)

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
