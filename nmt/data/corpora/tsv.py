"""Tables: source, one tab, target, on each line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from nmt.data.corpora.corpus import (
    AT_ONCE,
    Corpus,
    InvalidPair,
    LineBlock,
    Pair,
    PairBlock,
    listed,
    read_lines,
)


@dataclass(frozen=True)
class TSVCorpus(Corpus):
    """Each line is `source<TAB>target`; nothing is quoted or escaped.

    Attributes:
        paths: a file, or several that follow each other.
    """

    paths: str | Sequence[str]

    def files(self) -> tuple[str, ...]:
        """Name the files in order."""
        return listed(self.paths, "paths")

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Cut each line at its tab; a line with none or several is a fault."""
        return chain.from_iterable(self.blocks(AT_ONCE))

    def blocks(self, pairs: int) -> Iterator["TSVBlock"]:
        """Give the lines as they stand there."""
        for name in self.files():
            yield from map(TSVBlock, read_lines(name, pairs))


@dataclass(frozen=True, slots=True)
class TSVBlock(PairBlock):
    """Lines that are still to be taken apart."""

    lines: LineBlock

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Take them apart."""
        for line, place in self.lines:
            yield _pair(line, place)


def _pair(line: bytes, place: str) -> Pair | InvalidPair:
    columns = line.split(b"\t")
    if len(columns) != 2:
        tabs = len(columns) - 1
        return InvalidPair(
            "not two columns", place, f"{tabs} tabs, expected one between the sentences"
        )
    return Pair(columns[0], columns[1], place, place)
