"""Text of one language, for language models: each line stands on both sides of a pair."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nmt.corpora.corpus import Corpus, Pair, lines, listed


@dataclass(frozen=True)
class Text(Corpus):
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
        for name in self.files():
            for number, line in enumerate(lines(name), start=1):
                place = f"{name}:{number}"
                yield Pair(line, line, place, place)
