"""The contract of a corpus: pairs of lines in order, each knowing where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Pair:
    """A source line and the target line that says the same.

    Attributes:
        source: the line without its end, exactly as it stands in the file.
        target: the same for the target.
        source_place: file and line number, counted from 1, as in `data/train.de:17`.
        target_place: the same for the target.
    """

    source: bytes
    target: bytes
    source_place: str
    target_place: str


class Corpus(Protocol):
    """A split of a parallel corpus on disk, read as a stream; iterating again starts again."""

    def __iter__(self) -> Iterator[Pair]:
        """Give all pairs in order.

        Raises:
            CorpusError: if a file is missing or unreadable, or the numbers of lines differ.
        """
        ...

    def files(self) -> tuple[str, ...]:
        """Name all files of the split, for content sums and for messages."""
        ...
