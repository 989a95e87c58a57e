"""Text to text with whatever finds the translations of ids; nothing here needs torch."""

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

NOTHING = (Candidate("", 0.0, 0.0, ()),)
NOTICES = 3  # long lines that are named in the log before they are only counted
SECONDS = 30.0  # between two messages that a long work goes on

Chunk = tuple[int, ...]
"""Ids of what is translated in one piece, END the last."""

Find = Callable[[list[list[int]]], list[list[Hypothesis]]]
"""Gives the translations, best first, of each sentence of a batch that is padded with PADDING."""


@dataclass(frozen=True)
class LineTranslator:
    """Cuts lines into windows and batches, has them translated, and joins what comes back.

    Attributes:
        workers: makes what finds the translations of batches.
        tokenizers: of source and target.
        long_lines: what is done with lines that are too long.
        windows: how much is held at once.
    """

    workers: Callable[[], WorkerPool]
    tokenizers: Tokenizers
    long_lines: LongLines
    windows: LineWindows

    def stream(self, lines: Iterable[str]) -> Iterator[Translation]:
        """Translate an input of any length, holding one window of it; one out for each line in.

        Control characters and line separators inside a line are read as spaces. Lines of which
        nothing is left reach no model. Long lines are logged with their numbers, from 1, before
        they are translated, and every half a minute how far it is.
        """
        notice = RateLimitedWarning(
            f"lines were longer than {self.long_lines.max_pieces} pieces", NOTICES
        )
        pulse = Heartbeat(SECONDS)
        numbered = enumerate(lines, start=1)
        with self.workers() as workers:
            for window in self.windows.split(numbered, lambda numbered: len(numbered[1])):
                yield from self._translate_window(window, workers, notice, pulse)
        notice.close()

    def _translate_window(
        self,
        window: Sequence[tuple[int, str]],
        workers: WorkerPool,
        notice: RateLimitedWarning,
        pulse: Heartbeat,
    ) -> Iterator[Translation]:
        """Translate each distinct text of the window once."""
        texts = [cleaned(line) for _, line in window]
        chunks, sizes = self._cut(list(dict.fromkeys(texts)))
        for (number, _), text in zip(window, texts, strict=True):
            if sizes[text] > self.long_lines.max_pieces:
                limit = f"{sizes[text]} pieces, more than {self.long_lines.max_pieces}"
                notice.warn(f"line {number} has {limit}; it was {self.long_lines.done}")
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
        self, chunks: Iterable[Chunk], workers: WorkerPool, where: str, pulse: Heartbeat
    ) -> dict[Chunk, list[Hypothesis]]:
        ordered = sorted(chunks)
        batches = [
            [ordered[number] for number in batch]
            for batch in self.windows.batches([len(chunk) for chunk in ordered])
        ]
        batches.reverse()  # The long ones first: workers end at about the same time.
        found: dict[Chunk, list[Hypothesis]] = {}
        for batch, hypotheses in zip(batches, workers.map(_padded(batches)), strict=True):
            found.update(zip(batch, hypotheses, strict=True))
            pulse.beat(f"{where}: {len(found)} of {len(ordered)} parts are translated")
        return found

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


def _padded(batches: Sequence[Sequence[Chunk]]) -> list[list[list[int]]]:
    widths = [max(len(chunk) for chunk in batch) for batch in batches]
    return [
        [[*chunk, *[PADDING] * (width - len(chunk))] for chunk in batch]
        for width, batch in zip(widths, batches, strict=True)
    ]
