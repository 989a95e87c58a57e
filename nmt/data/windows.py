"""How many lines are held at once, and how they are cut into batches."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nmt.runtime.errors import require

LineT = TypeVar("LineT")


@dataclass(frozen=True)
class LineWindows:
    """Bounds what an endless input may take of memory.

    Attributes:
        lines: that are read before the first of them is translated.
        characters: of text, with which a window ends before it has so many lines.
        sentences: at most in a batch.
        pieces: at most in a batch, padding included; a longer sentence is a batch of its own.
    """

    lines: int
    characters: int
    sentences: int
    pieces: int

    def __post_init__(self) -> None:
        """Refuse numbers that hold nothing."""
        require(self.lines >= 1, "windows.lines", self.lines, "1 or more")
        require(self.characters >= 1, "windows.characters", self.characters, "1 or more")
        require(self.sentences >= 1, "windows.sentences", self.sentences, "1 or more")
        require(self.pieces >= 1, "windows.pieces", self.pieces, "1 or more")

    def of(self, lines: Iterable[LineT], size: Callable[[LineT], int]) -> Iterator[list[LineT]]:
        """Give the lines window by window, reading no further than a window needs.

        Args:
            lines: of any number.
            size: gives a line's characters.
        """
        window: list[LineT] = []
        characters = 0
        for line in lines:
            window.append(line)
            characters += size(line)
            if len(window) == self.lines or characters >= self.characters:
                yield window
                window, characters = [], 0
        if window:
            yield window

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
