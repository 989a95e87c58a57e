"""Lines to batches of ids, and hypotheses to lines, for any engine; without torch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from nmt.data.special_ids import END, PADDING
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.windows import LineWindows
from nmt.inference.long_lines.long_lines import LongLines
from nmt.inference.translation import Candidate, Translation
from nmt.runtime.control_characters import cleaned
from nmt.runtime.log_messages import Heartbeat, RateLimitedWarning
from nmt.runtime.worker_pool import WorkerPool
from nmt.search.hypothesis import Hypothesis

EMPTY = (Candidate("", 0.0, 0.0, ()),)
MAX_WARNINGS = 3  # long lines logged one by one before the others are only counted
SECONDS = 30.0  # between two messages about progress

Chunk = tuple[int, ...]
"""Ids of a part of a line that is translated as a sentence, END the last."""


@dataclass(frozen=True)
class LineTranslator:
    """Splits lines into windows and batches, and joins the hypotheses of each line.

    Attributes:
        workers: makes the pool that searches batches of ids, padded with PADDING; it returns the
            hypotheses of each sentence, best first.
        tokenizers: of source and target.
        long_lines: handles lines of too many pieces.
        windows: how much of the input is held at once.
    """

    workers: Callable[[], WorkerPool]
    tokenizers: Tokenizers
    long_lines: LongLines
    windows: LineWindows

    def stream(self, lines: Iterable[str]) -> Iterator[Translation]:
        """Translate an input of any length, holding one window of it; yield one per line.

        Control characters and line separators within a line are read as spaces. Lines that are
        empty then are not translated. Long lines are logged with their numbers, from 1, before
        they are translated; progress is logged every half a minute.
        """
        warning = RateLimitedWarning(
            f"lines were longer than {self.long_lines.max_pieces} pieces", MAX_WARNINGS
        )
        heartbeat = Heartbeat(SECONDS)
        numbered = enumerate(lines, start=1)
        with self.workers() as workers:
            for window in self.windows.split(numbered, lambda numbered: len(numbered[1])):
                yield from self._translate_window(window, workers, warning, heartbeat)
        warning.close()

    def _translate_window(
        self,
        window: Sequence[tuple[int, str]],
        workers: WorkerPool,
        warning: RateLimitedWarning,
        heartbeat: Heartbeat,
    ) -> Iterator[Translation]:
        """Translate each distinct text of the window once."""
        texts = [cleaned(line) for _, line in window]
        chunks, sizes = self._split(list(dict.fromkeys(texts)))
        for (number, _), text in zip(window, texts, strict=True):
            if sizes[text] > self.long_lines.max_pieces:
                limit = f"{sizes[text]} pieces, more than {self.long_lines.max_pieces}"
                warning.warn(f"line {number} has {limit}; it was {self.long_lines.done}")
        distinct = {chunk for parts in chunks.values() for chunk in parts}
        location = f"lines {window[0][0]}-{window[-1][0]}"
        results = self._search(distinct, workers, location, heartbeat)
        candidates = {
            text: self._join([results[chunk] for chunk in parts]) for text, parts in chunks.items()
        }
        for (_, line), text in zip(window, texts, strict=True):
            yield Translation(line, candidates[text])

    def _split(self, texts: Sequence[str]) -> tuple[dict[str, list[Chunk]], dict[str, int]]:
        """Return the chunks of each text, and its number of pieces before it was split."""
        encoded = self.tokenizers.source.encode_lines(texts)
        chunks = dict(zip(texts, map(self._chunks, texts, encoded), strict=True))
        return chunks, dict(zip(texts, map(len, encoded), strict=True))

    def _chunks(self, text: str, ids: Sequence[int]) -> list[Chunk]:
        short = len(ids) <= self.long_lines.max_pieces
        encode = self.tokenizers.source.encode_lines
        parts = [ids] if short else self.long_lines(text, encode)
        return [(*part, END) for part in parts if part]

    def _search(
        self, chunks: Iterable[Chunk], workers: WorkerPool, location: str, heartbeat: Heartbeat
    ) -> dict[Chunk, list[Hypothesis]]:
        ordered = sorted(chunks)
        batches = [
            [ordered[number] for number in batch]
            for batch in self.windows.batches([len(chunk) for chunk in ordered])
        ]
        batches.reverse()  # The long ones first, so that workers end at about the same time.
        results: dict[Chunk, list[Hypothesis]] = {}
        for batch, hypotheses in zip(batches, workers.map(_pad(batches)), strict=True):
            results.update(zip(batch, hypotheses, strict=True))
            heartbeat.beat(f"{location}: {len(results)} of {len(ordered)} parts are translated")
        return results

    def _join(self, parts: Sequence[Sequence[Hypothesis]]) -> tuple[Candidate, ...]:
        """Join the best hypotheses of all chunks, then the second ones, …"""
        if not parts:
            return EMPTY
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


def _pad(batches: Sequence[Sequence[Chunk]]) -> list[list[list[int]]]:
    widths = [max(len(chunk) for chunk in batch) for batch in batches]
    return [
        [[*chunk, *[PADDING] * (width - len(chunk))] for chunk in batch]
        for width, batch in zip(widths, batches, strict=True)
    ]
