"""Splits long lines where a sentence, a clause or a word ends."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from nmt.errors import require
from nmt.long_lines.long_lines import Encode

SENTENCES = re.compile(r"""(?<=[.!?…])\s+|(?<=[.!?…]["'»«”“’)\]])\s+|(?<=[。！？])""")
CLAUSES = re.compile(r"(?<=[,;:–—])\s+|(?<=[，；：、])")
WORDS = re.compile(r"\s+")
BORDERS = (SENTENCES, CLAUSES, WORDS)


@dataclass(frozen=True)
class Split:
    """Makes chunks of about equal length, at the best borders that keep them short enough.

    Sentences stay whole where they fit; a sentence that is too long is split into clauses, a
    clause into words, and a word without spaces between pieces. Each chunk is filled up to an
    equal share of what is left of the line, so that no crumb remains at the end.

    Attributes:
        max_pieces: of a chunk.
    """

    max_pieces: int
    done: ClassVar[str] = "split into parts that are translated one by one"

    def __post_init__(self) -> None:
        """Refuse a limit that leaves nothing."""
        require(self.max_pieces >= 1, "long_lines.max_pieces", self.max_pieces, "1 or more")

    def __call__(self, line: str, encode: Encode) -> list[list[int]]:
        """Give chunks in order; together they hold all of the line but spaces at borders."""
        return list(self._chunks(line, encode, BORDERS))

    def _chunks(
        self, text: str, encode: Encode, borders: Sequence[re.Pattern[str]]
    ) -> Iterator[list[int]]:
        ids = encode([text])[0]
        if len(ids) <= self.max_pieces:
            yield from [ids] if ids else []
        elif not borders:
            share = self._share(len(ids))
            for start in range(0, len(ids), share):
                yield ids[start : start + share]
        else:
            parts = _cut(text, borders[0])
            sizes = [len(part) for part in encode(parts)]
            for chunk in self._pack(parts, sizes):
                yield from self._chunks(chunk, encode, borders[1:])

    def _pack(self, parts: Sequence[str], sizes: Sequence[int]) -> Iterator[str]:
        """Put parts together until a chunk has its share, if they fit."""
        left = sum(sizes)
        chunk, size, share = "", 0, self._share(left)
        for part, more in zip(parts, sizes, strict=True):
            if chunk and (size >= share or size + more > self.max_pieces):
                yield chunk
                left -= size
                chunk, size, share = "", 0, self._share(left)
            chunk, size = chunk + part, size + more
        yield chunk

    def _share(self, pieces: int) -> int:
        """Give the pieces of each chunk, if as few as possible share them equally."""
        return math.ceil(pieces / max(1, math.ceil(pieces / self.max_pieces)))


def _cut(text: str, border: re.Pattern[str]) -> list[str]:
    """Give the parts between borders; what a border matches stays at the end of its part."""
    ends = [match.end() for match in border.finditer(text)]
    starts = [0, *ends]
    parts = [text[start:end] for start, end in zip(starts, [*ends, len(text)], strict=True)]
    return [part for part in parts if part]
