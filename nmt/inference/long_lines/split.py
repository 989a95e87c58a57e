"""Splitting of long lines where a sentence, a clause or a word ends."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from nmt.inference.long_lines.long_lines import Encode
from nmt.runtime.errors import require

SENTENCES = re.compile(r"""(?<=[.!?…])\s+|(?<=[.!?…]["'»«”“’)\]])\s+|(?<=[。！？])""")
CLAUSES = re.compile(r"(?<=[,;:–—])\s+|(?<=[，；：、])")
WORDS = re.compile(r"\s+")
BORDERS = (SENTENCES, CLAUSES, WORDS)
BATCH = 1000  # texts that are encoded together: a line of megabytes has millions of words


@dataclass(frozen=True)
class SplitLongLines:
    """Splits a line into chunks of about equal length, at the best borders that are close enough.

    Sentences stay whole if they fit; a sentence that is too long is split into clauses, a clause
    into words, and a word without spaces between pieces. Each chunk is filled up to an equal share
    of the rest of the line, so that the last one is not tiny.

    The line is encoded once, and twice more for each kind of border that is needed.

    Attributes:
        max_pieces: of a chunk.
    """

    max_pieces: int = 128
    done: ClassVar[str] = "split into parts that are translated one by one"

    def __post_init__(self) -> None:
        """Check that a chunk may have a piece."""
        require(self.max_pieces >= 1, "long_lines.max_pieces", self.max_pieces, "1 or more")

    def __call__(self, line: str, encode: Encode) -> list[list[int]]:
        """Return the chunks in order; they lack nothing of the line but spaces at borders."""
        return list(self._chunks([line], encode, BORDERS))

    def _chunks(
        self, texts: Iterable[str], encode: Encode, borders: Sequence[re.Pattern[str]]
    ) -> Iterator[list[int]]:
        """Yield the texts that are short enough, and split the others at a border."""
        for text, ids in _encode(texts, encode):
            if len(ids) <= self.max_pieces:
                yield from [ids] if ids else []
            elif useful := [border for border in borders if _splits(border, text)]:
                sizes = [len(part) for _, part in _encode(_split(text, useful[0]), encode)]
                packed = self._pack(_split(text, useful[0]), sizes)
                yield from self._chunks(packed, encode, useful[1:])
            else:
                share = self._share(len(ids))
                for start in range(0, len(ids), share):
                    yield ids[start : start + share]

    def _pack(self, parts: Iterable[str], sizes: Sequence[int]) -> Iterator[str]:
        """Join parts until a chunk has its share, as far as they fit."""
        left = sum(sizes)
        chunk: list[str] = []
        size, share = 0, self._share(left)
        for part, more in zip(parts, sizes, strict=True):
            if chunk and (size >= share or size + more > self.max_pieces):
                yield "".join(chunk)
                left -= size
                chunk, size, share = [], 0, self._share(left)
            chunk.append(part)
            size += more
        yield "".join(chunk)

    def _share(self, pieces: int) -> int:
        """Return the pieces of each chunk if as few chunks as possible share them equally."""
        return math.ceil(pieces / max(1, math.ceil(pieces / self.max_pieces)))


def _splits(border: re.Pattern[str], text: str) -> bool:
    return len(next(_split(text, border), "")) < len(text)


def _split(text: str, border: re.Pattern[str]) -> Iterator[str]:
    """Yield the parts between borders; a border belongs to the part before it."""
    start = 0
    for match in border.finditer(text):
        if match.end() > start:
            yield text[start : match.end()]
            start = match.end()
    if start < len(text):
        yield text[start:]


def _encode(texts: Iterable[str], encode: Encode) -> Iterator[tuple[str, list[int]]]:
    remaining = iter(texts)
    while batch := list(islice(remaining, BATCH)):
        yield from zip(batch, encode(batch), strict=True)
