"""Corpora with a whole pair on each line; a format is a function from a line to a pair."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from nmt.data.corpora.corpus import (
    BLOCK_LINES,
    Corpus,
    InvalidPair,
    LineBlock,
    Pair,
    PairBlock,
    file_names,
    read_blocks,
)


@dataclass(frozen=True)
class LineCorpus(Corpus):
    """A corpus in files of one pair per line.

    Attributes:
        paths: a file, or several that follow each other.
    """

    paths: str | Sequence[str]

    def __post_init__(self) -> None:
        """Check that there is a file."""
        file_names(self.paths, "paths")

    @abstractmethod
    def block(self, lines: LineBlock) -> PairBlock:
        """Return the pairs of these lines."""

    def files(self) -> tuple[str, ...]:
        """Return the names of the files in order."""
        return file_names(self.paths, "paths")

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Yield a pair, or an InvalidPair, for each line."""
        return chain.from_iterable(self.blocks(BLOCK_LINES))

    def blocks(self, pairs: int) -> Iterator[PairBlock]:
        """Yield the lines in blocks, not yet parsed."""
        for name in self.files():
            yield from map(self.block, read_blocks(name, pairs))


@dataclass(frozen=True, slots=True)
class ParsedLines(PairBlock):
    """Lines, each of which `parse` turns into a pair, given the line and its location."""

    lines: LineBlock
    parse: Callable[[bytes, str], Pair | InvalidPair]

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Parse the lines."""
        for line, location in self.lines:
            yield self.parse(line, location)
