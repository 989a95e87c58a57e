"""Lines to batches of ids, and hypotheses to lines, for any engine; without torch."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from nmt.data.special_ids import END, PADDING
from nmt.data.text.cleaning import clean
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.windows import LineWindows
from nmt.inference.long_lines.long_lines import LongLines
from nmt.inference.sentences.sentences import Sentences
from nmt.inference.translation import Candidate, Translation
from nmt.runtime.control_characters import cleaned
from nmt.runtime.log_messages import Heartbeat, RateLimitedWarning
from nmt.runtime.worker_pool import WorkerPool
from nmt.search.hypothesis import Hypothesis

EMPTY = (Candidate("", 0.0, 0.0, ()),)
MAX_WARNINGS = 3  # long lines logged one by one before the others are only counted
SECONDS = 30.0  # between two messages about progress

Chunk = tuple[int, ...]
"""Ids of what is translated as a sentence, END the last."""


class Part(NamedTuple):
    """A part of a line that is translated alone.

    Attributes:
        chunk: its ids.
        space: what separates its translation from that of the next part.
    """

    chunk: Chunk
    space: str


@dataclass(frozen=True)
class LineTranslator:
    """Splits lines into windows and batches, and joins the hypotheses of each line.

    Attributes:
        workers: makes the pool that searches batches of ids, padded with PADDING; it returns the
            hypotheses of each sentence, best first.
        tokenizers: of source and target.
        sentences: splits lines into sentences.
        long_lines: handles sentences of too many pieces.
        windows: how much of the input is held at once.
    """

    workers: Callable[[], WorkerPool]
    tokenizers: Tokenizers
    sentences: Sentences
    long_lines: LongLines
    windows: LineWindows

    def stream(self, lines: Iterable[str]) -> Iterator[Translation]:
        """Translate an input of any length, holding one window of it; yield one per line.

        Lines are cleaned (`nmt.data.text.cleaning`); those that are empty then are not translated.
        The sentences of a line are translated one by one, and joined with the white space that is
        between them in the line. Lines with long sentences are logged with their numbers, from 1,
        before they are translated; progress is logged every half a minute.
        """
        warning = RateLimitedWarning(
            f"lines had sentences of more than {self.long_lines.max_pieces} pieces", MAX_WARNINGS
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
        texts = [clean(line).strip() for _, line in window]
        parts, sizes = self._split(list(dict.fromkeys(texts)))
        for (number, _), text in zip(window, texts, strict=True):
            if sizes[text] > self.long_lines.max_pieces:
                limit = f"{sizes[text]} pieces, more than {self.long_lines.max_pieces}"
                done = f"it was {self.long_lines.done}"
                warning.warn(f"line {number} has a sentence of {limit}; {done}")
        distinct = {part.chunk for of_line in parts.values() for part in of_line}
        location = f"lines {window[0][0]}-{window[-1][0]}"
        results = self._search(distinct, workers, location, heartbeat)
        candidates = {
            text: self._join(of_line, [results[part.chunk] for part in of_line])
            for text, of_line in parts.items()
        }
        for (_, line), text in zip(window, texts, strict=True):
            yield Translation(line, candidates[text])

    def _split(self, texts: Sequence[str]) -> tuple[dict[str, list[Part]], dict[str, int]]:
        """Return the parts of each text, and the number of pieces of its longest sentence."""
        sentences = [_with_spaces(self.sentences(text)) for text in texts]
        together = [sentence for of_line in sentences for sentence, _ in of_line]
        encoded = iter(self.tokenizers.source.encode_lines(together))
        parts: dict[str, list[Part]] = {}
        sizes: dict[str, int] = {}
        for text, of_line in zip(texts, sentences, strict=True):
            ids = list(islice(encoded, len(of_line)))
            parts[text] = [
                part
                for (sentence, space), one in zip(of_line, ids, strict=True)
                for part in self._parts(sentence, one, space)
            ]
            sizes[text] = max(map(len, ids))
        return parts, sizes

    def _parts(self, sentence: str, ids: Sequence[int], space: str) -> list[Part]:
        short = len(ids) <= self.long_lines.max_pieces
        encode = self.tokenizers.source.encode_lines
        chunks = [ids] if short else self.long_lines(sentence, encode)
        parts = [Part((*chunk, END), " ") for chunk in chunks if chunk]
        return [*parts[:-1], parts[-1]._replace(space=space)] if parts else []

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

    def _join(
        self, parts: Sequence[Part], hypotheses: Sequence[Sequence[Hypothesis]]
    ) -> tuple[Candidate, ...]:
        """Return the combinations of one hypothesis per part that have the highest scores.

        There are as many as the part with the most hypotheses has.
        """
        if not parts:
            return EMPTY
        most = max(map(len, hypotheses))
        return tuple(
            self._candidate(parts, chosen) for chosen in best_combinations(hypotheses, most)
        )

    def _candidate(self, parts: Sequence[Part], hypotheses: Sequence[Hypothesis]) -> Candidate:
        target, texts = self.tokenizers.target, []
        for part, hypothesis in zip(parts, hypotheses, strict=True):
            if text := cleaned(target.decode(hypothesis.ids)):
                texts += [text, part.space]
        ids = [id_ for hypothesis in hypotheses for id_ in hypothesis.ids]
        return Candidate(
            "".join(texts[:-1]),
            sum(hypothesis.score for hypothesis in hypotheses),
            sum(hypothesis.log_probability for hypothesis in hypotheses),
            tuple(target.pieces(ids)),
        )


def best_combinations(
    parts: Sequence[Sequence[Hypothesis]], count: int
) -> list[tuple[Hypothesis, ...]]:
    """Return up to `count` choices of one hypothesis per part with the highest sums of scores.

    Of equal sums those of earlier hypotheses come first.

    Args:
        parts: at least one hypothesis for each, best first.
        count: at least 1.
    """
    # A combination is a chain from its last hypothesis to its first: no copy grows with the line.
    chains: list[tuple[float, Any]] = [(0.0, None)]
    for hypotheses in parts:
        longer = (
            (score + hypothesis.score, (hypothesis, chain))
            for score, chain in chains
            for hypothesis in hypotheses
        )
        chains = heapq.nlargest(count, longer, key=itemgetter(0))
    return [tuple(reversed(list(_unchain(chain)))) for _, chain in chains]


def _unchain(chain: Any) -> Iterator[Hypothesis]:
    while chain is not None:
        hypothesis, chain = chain
        yield hypothesis


def _with_spaces(sentences: Sequence[str]) -> list[tuple[str, str]]:
    """Return each sentence and the white space after it, or a space; the last one is unchanged."""
    stripped = [(one.rstrip(), one[len(one.rstrip()) :] or " ") for one in sentences[:-1]]
    return [*stripped, (sentences[-1], "")]


def _pad(batches: Sequence[Sequence[Chunk]]) -> list[list[list[int]]]:
    widths = [max(len(chunk) for chunk in batch) for batch in batches]
    return [
        [[*chunk, *[PADDING] * (width - len(chunk))] for chunk in batch]
        for width, batch in zip(widths, batches, strict=True)
    ]
