"""How many lines are held at once, and how they are cut into batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nmt.errors import require


@dataclass(frozen=True)
class Windows:
    """Bounds what an endless input may take of memory.

    Attributes:
        lines: that are read before the first of them is translated.
        sentences: at most in a batch.
        pieces: at most in a batch, padding included; a longer sentence is a batch of its own.
    """

    lines: int
    sentences: int
    pieces: int

    def __post_init__(self) -> None:
        """Refuse numbers that hold nothing."""
        require(self.lines >= 1, "windows.lines", self.lines, "1 or more")
        require(self.sentences >= 1, "windows.sentences", self.sentences, "1 or more")
        require(self.pieces >= 1, "windows.pieces", self.pieces, "1 or more")

    def batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Give the numbers of the sentences of each batch, such of like length together."""
        batch: list[int] = []
        for number in sorted(range(len(lengths)), key=lambda number: (lengths[number], number)):
            padded = (len(batch) + 1) * lengths[number]
            if batch and (padded > self.pieces or len(batch) == self.sentences):
                yield batch
                batch = []
            batch.append(number)
        if batch:
            yield batch
