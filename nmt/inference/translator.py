"""Text to text: `Translator.load(run).translate(lines)`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from nmt.config.instantiate import instantiate
from nmt.data.special_ids import END, UNKNOWN
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.windows import LineWindows
from nmt.inference.line_translator import LineTranslator
from nmt.inference.long_lines.long_lines import LongLines
from nmt.inference.long_lines.split import SplitLongLines
from nmt.inference.scorer_options import DEFAULT, ScorerOptions
from nmt.inference.translation import Translation
from nmt.models.saved.folder import described
from nmt.models.saved.translation_model import CONFIGURATION, SavedTranslationModel
from nmt.runtime.device import choose
from nmt.runtime.errors import ModelError
from nmt.runtime.worker_pool import WorkerPool, resolve_count
from nmt.search.hypothesis import Hypothesis
from nmt.search.in_parts import in_parts
from nmt.search.scorers.single import SingleModel
from nmt.search.search import Scorer, Search

ADVICE = "give smaller search.size or long_lines.max_pieces, or close other programs"


@dataclass(frozen=True)
class Translator:
    """Translates lines with one model or several; thread-safe, as nothing is remembered.

    Attributes:
        scorer: the model or models.
        tokenizers: theirs.
        search: finds the translations.
        long_lines: what is done with lines that are too long.
        windows: how much is held at once.
        device: where the models are.
        workers: processes of one thread each that share the batches of a window; 1 is this process
            alone. They start with the first window that has several batches.
    """

    scorer: Scorer
    tokenizers: Tokenizers
    search: Search
    long_lines: LongLines
    windows: LineWindows
    device: torch.device
    workers: int = 1

    @classmethod
    def load(
        cls,
        runs: str | Path | Sequence[str | Path],
        search: Search | None = None,
        long_lines: LongLines | None = None,
        windows: LineWindows | None = None,
        device: str = "auto",
        trust: Sequence[str] = (),
        assembly: ScorerOptions = DEFAULT,
    ) -> "Translator":
        """Load a trained model, or several that are to write translations together.

        Args:
            runs: folder of a trained model, or of several for an ensemble.
            search: None takes the one that is saved with the (first) model.
            long_lines: None is `SplitLongLines()`.
            windows: None is `LineWindows()`.
            device: `auto` takes CUDA where there is one; or `cpu`, `cuda`, `cuda:1`.
            trust: packages of the user's own whose classes the models may name.
            assembly: number format, shortlist, and a language model that writes along.

        Raises:
            ModelError: if a model is missing, altered or not allowed, or models do not fit.
            ConfigurationError: if the device is not there.

        Example, with the model that `python -m nmt.train` writes:
            >>> translator = Translator.load("runs/default")
            >>> translator.translate(["Der Hund schläft.", ""])
            ['...', '']
        """
        place = choose(device)
        several = [runs] if isinstance(runs, str | Path) else list(runs)
        bundles = [SavedTranslationModel.load(Path(run), tuple(trust), place) for run in several]
        _check_vocabularies(several, bundles)
        first = bundles[0]
        chosen = search or _saved_search(Path(several[0]), first, place)
        return cls(
            assembly(bundles, trust, place),
            first.tokenizers,
            chosen,
            long_lines or SplitLongLines(),
            windows or LineWindows(),
            place,
        )

    def shared(self, workers: object, threads: object) -> "Translator":
        """Let so many processes share the work, `auto` where that serves
        (`nmt.runtime.worker_pool.resolve_count`).

        Raises:
            ConfigurationError: if it is no such number, or several processes cannot work so.
        """
        number = resolve_count(workers, threads, self.device.type, torch.get_num_threads())
        return replace(self, workers=number)

    def translate(self, lines: Iterable[str]) -> list[str]:
        """Give the best translation of each line, in order; of an empty line an empty one."""
        return [translation.text for translation in self.stream(lines)]

    def stream(self, lines: Iterable[str]) -> Iterator[Translation]:
        """Translate an input of any length, holding one window of it; one out for each line in.

        What becomes of lines is said in `LineTranslator.stream`.
        """
        workers = partial(WorkerPool, self._find, self.workers, SingleProcess(self._find))
        by_line = LineTranslator(workers, self.tokenizers, self.long_lines, self.windows)
        return by_line.stream(lines)

    @torch.inference_mode()
    def _find(self, padded: list[list[int]]) -> list[list[Hypothesis]]:
        source = torch.tensor(padded, device=self.device)
        return in_parts(self.search, self.scorer, source, ADVICE)


@dataclass(frozen=True)
class SingleProcess:
    """Calls a function with one thread, in a process that works beside others."""

    function: Callable[[Any], Any]

    def __call__(self, value: Any) -> Any:
        """Give what the function gives."""
        if torch.get_num_threads() > 1:
            torch.set_num_threads(1)
        return self.function(value)


def _saved_search(run: Path, bundle: SavedTranslationModel, device: torch.device) -> Search:
    """Make the search that a model was saved with, and try it on one piece."""
    with described(run / CONFIGURATION):
        search: Search = instantiate(bundle.config["search"])
        search(SingleModel(bundle.model), torch.tensor([[UNKNOWN, END]], device=device))
    return search


def _check_vocabularies(
    runs: Sequence[str | Path], bundles: Sequence[SavedTranslationModel]
) -> None:
    if not bundles:
        raise ModelError("no model is given; give run=FOLDER, or run=[FOLDER,FOLDER]")
    first = bundles[0].tokenizers
    for run, bundle in zip(runs, bundles, strict=True):
        other = bundle.tokenizers
        for side, one, two in (
            ("source", first.source, other.source),
            ("target", first.target, other.target),
        ):
            if not one.same_pieces(two):
                raise ModelError(
                    f"{run} has another {side} vocabulary than {runs[0]}; the models of an"
                    " ensemble must be trained on the same prepared corpus"
                )
