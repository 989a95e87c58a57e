"""Text of one language, for language models: each line stands on both sides of a pair."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from nmt.data.corpora.corpus import AT_ONCE, Corpus, Pair, listed, read_lines
from nmt.data.corpora.plain import SideBySide


@dataclass(frozen=True)
class MonolingualCorpus(Corpus):
    """Line n is paired with itself, so that one-sided text is prepared as any other.

    Attributes:
        paths: a file of one sentence a line, or several such files.
    """

    paths: str | Sequence[str]

    def __post_init__(self) -> None:
        """Refuse a list without files."""
        listed(self.paths, "paths")

    def files(self) -> tuple[str, ...]:
        """Name the files."""
        return listed(self.paths, "paths")

    def __iter__(self) -> Iterator[Pair]:
        """Read the files one after the other."""
        return chain.from_iterable(self.blocks(AT_ONCE))

    def blocks(self, pairs: int) -> Iterator[SideBySide]:
        """Give the lines as they stand there, on both sides."""
        for name in self.files():
            for lines in read_lines(name, pairs):
                yield SideBySide(lines, lines)
