"""Tables: source, one tab, target, on each line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nmt.corpora.corpus import Corpus, Fault, Pair, lines, listed


@dataclass(frozen=True)
class TSV(Corpus):
    """Each line is `source<TAB>target`; nothing is quoted or escaped.

    Attributes:
        paths: a file, or several that follow each other.
    """

    paths: str | Sequence[str]

    def files(self) -> tuple[str, ...]:
        """Name the files in order."""
        return listed(self.paths, "paths")

    def __iter__(self) -> Iterator[Pair | Fault]:
        """Cut each line at its tab; a line with none or several is a fault."""
        for name in self.files():
            for number, line in enumerate(lines(name), 1):
                yield _pair(line, f"{name}:{number}")


def _pair(line: bytes, place: str) -> Pair | Fault:
    columns = line.split(b"\t")
    if len(columns) != 2:
        tabs = len(columns) - 1
        return Fault("not two columns", place, f"{tabs} tabs, expected one between the sentences")
    return Pair(columns[0], columns[1], place, place)
