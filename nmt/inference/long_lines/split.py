"""Splits long lines where a sentence, a clause or a word ends."""

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
AT_ONCE = 1000  # texts that are encoded together: a line of megabytes has millions of words


@dataclass(frozen=True)
class SplitLongLines:
    """Splits a line into chunks of about equal length, at the best borders that are close enough.

    Sentences stay whole where they fit; a sentence that is too long is split into clauses, a
    clause into words, and a word without spaces between pieces. Each chunk is filled up to an
    equal share of the rest of the line, so that no tiny chunk remains at the end.

    The line is encoded once, and twice more for each kind of border that is needed.

    Attributes:
        max_pieces: of a chunk.
    """

    max_pieces: int = 128
    done: ClassVar[str] = "split into parts that are translated one by one"

    def __post_init__(self) -> None:
        """Validate the values."""
        require(self.max_pieces >= 1, "long_lines.max_pieces", self.max_pieces, "1 or more")

    def __call__(self, line: str, encode: Encode) -> list[list[int]]:
        """Return chunks in order; together they hold all of the line but spaces at borders."""
        return list(self._chunks([line], encode, BORDERS))

    def _chunks(
        self, texts: Iterable[str], encode: Encode, borders: Sequence[re.Pattern[str]]
    ) -> Iterator[list[int]]:
        """Yield the texts that are short enough, and split the others at the first border."""
        for text, ids in _encoded(texts, encode):
            if len(ids) <= self.max_pieces:
                yield from [ids] if ids else []
            elif useful := [border for border in borders if _cuts(border, text)]:
                sizes = [len(part) for _, part in _encoded(_cut(text, useful[0]), encode)]
                packed = self._pack(_cut(text, useful[0]), sizes)
                yield from self._chunks(packed, encode, useful[1:])
            else:
                share = self._share(len(ids))
                for start in range(0, len(ids), share):
                    yield ids[start : start + share]

    def _pack(self, parts: Iterable[str], sizes: Sequence[int]) -> Iterator[str]:
        """Yield joined parts: a chunk is full once it has its share, or the next does not fit."""
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


def _cuts(border: re.Pattern[str], text: str) -> bool:
    return len(next(_cut(text, border), "")) < len(text)


def _cut(text: str, border: re.Pattern[str]) -> Iterator[str]:
    """Yield the parts between borders; what a border matches ends its part."""
    start = 0
    for match in border.finditer(text):
        if match.end() > start:
            yield text[start : match.end()]
            start = match.end()
    if start < len(text):
        yield text[start:]


def _encoded(texts: Iterable[str], encode: Encode) -> Iterator[tuple[str, list[int]]]:
    remaining = iter(texts)
    while some := list(islice(remaining, AT_ONCE)):
        yield from zip(some, encode(some), strict=True)
