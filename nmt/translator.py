"""Text to text: `Translator.load(run).translate(lines)`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from nmt.build import instantiate
from nmt.bundle import CONFIGURATION, Bundle
from nmt.cleaning import cleaned
from nmt.device import choose
from nmt.errors import ModelError
from nmt.long_lines.long_lines import LongLines
from nmt.notice import Notice, Pulse
from nmt.resources import folder
from nmt.saved import described
from nmt.scorers.ensemble import Ensemble
from nmt.scorers.single import Single
from nmt.search.parts import in_parts
from nmt.search.search import Hypothesis, Scorer, Search
from nmt.shallow_fusion import ALONE, ShallowFusion
from nmt.tokenizer import Tokenizers
from nmt.translation import Candidate, Translation
from nmt.vocabulary import END, PADDING, UNKNOWN
from nmt.windows import Windows
from nmt.workers import Workers

NOTHING = (Candidate("", 0.0, 0.0, ()),)
ADVICE = "give smaller search.size or long_lines.max_pieces, or close other programs"
NOTICES = 3  # long lines that are named in the log before they are only counted
SECONDS = 30.0  # between two messages that a long work goes on

Chunk = tuple[int, ...]
"""Ids of what is translated in one piece, END the last."""


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
    windows: Windows
    device: torch.device
    workers: int = 1

    @classmethod
    def load(
        cls,
        runs: str | Path | Sequence[str | Path],
        search: Search | None = None,
        long_lines: LongLines | None = None,
        windows: Windows | None = None,
        device: str = "auto",
        trust: Sequence[str] = (),
        fusion: ShallowFusion = ALONE,
    ) -> "Translator":
        """Load a trained model, or several that are to write translations together.

        Args:
            runs: folder of a trained model, or of several for an ensemble.
            search: None takes the one that is saved with the (first) model.
            long_lines: None takes that of `conf/long_lines/split.yaml`.
            windows: None takes those of `conf/windows/default.yaml`.
            device: `auto` takes CUDA where there is one; or `cpu`, `cuda`, `cuda:1`.
            trust: packages of the user's own whose classes the models may name.
            fusion: a language model that writes along.

        Raises:
            ModelError: if a model is missing, altered or not allowed, or models do not fit.
            ConfigurationError: if the device is not there.
        """
        place = choose(device)
        several = [runs] if isinstance(runs, str | Path) else list(runs)
        bundles = [Bundle.load(Path(run), tuple(trust), place) for run in several]
        _check_vocabularies(several, bundles)
        first = bundles[0]
        scorers = [Single(bundle.model) for bundle in bundles]
        scorer = scorers[0] if len(scorers) == 1 else Ensemble(scorers)
        return cls(
            fusion(scorer, first.tokenizers.target, trust, place),
            first.tokenizers,
            search or _saved_search(Path(several[0]), first, place),
            _configured("long_lines/split") if long_lines is None else long_lines,
            _configured("windows/default") if windows is None else windows,
            place,
        )

    def translate(self, lines: Iterable[str]) -> list[str]:
        """Give the best translation of each line, in order; of an empty line an empty one."""
        return [translation.text for translation in self.stream(lines)]

    def stream(self, lines: Iterable[str]) -> Iterator[Translation]:
        """Translate an input of any length, holding one window of it; one out for each line in.

        Control characters and line separators inside a line are read as spaces. Lines of which
        nothing is left reach no model. Long lines are logged with their numbers, from 1, before
        they are translated, and every half a minute how far it is.
        """
        notice = Notice(f"lines were longer than {self.long_lines.max_pieces} pieces", NOTICES)
        pulse = Pulse(SECONDS)
        numbered = enumerate(lines, start=1)
        with Workers(self._hypotheses, self.workers) as workers:
            for window in self.windows.of(numbered, lambda numbered: len(numbered[1])):
                yield from self._translate_window(window, workers, notice, pulse)
        notice.close()

    def _translate_window(
        self, window: Sequence[tuple[int, str]], workers: Workers, notice: Notice, pulse: Pulse
    ) -> Iterator[Translation]:
        """Translate each distinct text of the window once."""
        texts = [cleaned(line) for _, line in window]
        chunks, sizes = self._cut(list(dict.fromkeys(texts)))
        for (number, _), text in zip(window, texts, strict=True):
            if sizes[text] > self.long_lines.max_pieces:
                limit = f"{sizes[text]} pieces, more than {self.long_lines.max_pieces}"
                notice.say(f"line {number} has {limit}; it was {self.long_lines.done}")
        distinct = {chunk for parts in chunks.values() for chunk in parts}
        where = f"lines {window[0][0]}-{window[-1][0]}"
        found = self._search(distinct, workers, where, pulse)
        candidates = {
            text: self._joined([found[chunk] for chunk in parts]) for text, parts in chunks.items()
        }
        for (_, line), text in zip(window, texts, strict=True):
            yield Translation(line, candidates[text])

    def _cut(self, texts: Sequence[str]) -> tuple[dict[str, list[Chunk]], dict[str, int]]:
        """Give the chunks of each text, and its pieces as they are counted before."""
        encoded = self.tokenizers.source.encode_lines(texts)
        chunks = dict(zip(texts, map(self._chunks, texts, encoded), strict=True))
        return chunks, dict(zip(texts, map(len, encoded), strict=True))

    def _chunks(self, text: str, ids: Sequence[int]) -> list[Chunk]:
        short = len(ids) <= self.long_lines.max_pieces
        encode = self.tokenizers.source.encode_lines
        parts = [ids] if short else self.long_lines(text, encode)
        return [(*part, END) for part in parts if part]

    def _search(
        self, chunks: Iterable[Chunk], workers: Workers, where: str, pulse: Pulse
    ) -> dict[Chunk, list[Hypothesis]]:
        ordered = sorted(chunks)
        batches = [
            [ordered[number] for number in batch]
            for batch in self.windows.batches([len(chunk) for chunk in ordered])
        ]
        batches.reverse()  # The long ones first: workers end at about the same time.
        found: dict[Chunk, list[Hypothesis]] = {}
        for batch, hypotheses in zip(batches, workers.map(batches), strict=True):
            found.update(zip(batch, hypotheses, strict=True))
            pulse.beat(f"{where}: {len(found)} of {len(ordered)} parts are translated")
        return found

    @torch.inference_mode()
    def _hypotheses(self, batch: Sequence[Chunk]) -> list[list[Hypothesis]]:
        width = max(len(chunk) for chunk in batch)
        padded = [[*chunk, *[PADDING] * (width - len(chunk))] for chunk in batch]
        source = torch.tensor(padded, device=self.device)
        return in_parts(self.search, self.scorer, source, ADVICE)

    def _joined(self, parts: Sequence[Sequence[Hypothesis]]) -> tuple[Candidate, ...]:
        """Make candidates of chunks: the best of each together, then the second of each, …"""
        if not parts:
            return NOTHING
        ranks = zip(*parts, strict=False)  # as many as the chunk with the fewest has
        return tuple(self._candidate(chosen) for chosen in ranks)

    def _candidate(self, hypotheses: Sequence[Hypothesis]) -> Candidate:
        target = self.tokenizers.target
        texts = [cleaned(target.decode(hypothesis.ids)) for hypothesis in hypotheses]
        ids = [id_ for hypothesis in hypotheses for id_ in hypothesis.ids]
        return Candidate(
            " ".join(text for text in texts if text),
            sum(hypothesis.score for hypothesis in hypotheses),
            sum(hypothesis.log_probability for hypothesis in hypotheses),
            tuple(target.pieces(ids)),
        )


def _saved_search(run: Path, bundle: Bundle, device: torch.device) -> Search:
    """Make the search that a model was saved with, and try it on one piece."""
    with described(run / CONFIGURATION):
        search: Search = instantiate(bundle.config["search"])
        search(Single(bundle.model), torch.tensor([[UNKNOWN, END]], device=device))
    return search


def _configured(name: str) -> Any:
    """Make what a file of the program's configuration says."""
    return instantiate(yaml.safe_load((folder("conf") / f"{name}.yaml").read_text("utf-8")))


def _check_vocabularies(runs: Sequence[str | Path], bundles: Sequence[Bundle]) -> None:
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
