"""How many lines are in memory at once, and how they are grouped into batches."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nmt.runtime.errors import require

LineT = TypeVar("LineT")


@dataclass(frozen=True)
class LineWindows:
    """Bounds the memory that an endless input takes.

    Attributes:
        lines: read before the first of them is translated.
        characters: after which a window ends even if it has fewer lines.
        sentences: at most in a batch.
        pieces: at most in a batch, padding included; a longer sentence is a batch of its own.
    """

    lines: int = 1024
    characters: int = 1_000_000
    sentences: int = 64
    pieces: int = 4096

    def __post_init__(self) -> None:
        """Validate the values."""
        require(self.lines >= 1, "windows.lines", self.lines, "1 or more")
        require(self.characters >= 1, "windows.characters", self.characters, "1 or more")
        require(self.sentences >= 1, "windows.sentences", self.sentences, "1 or more")
        require(self.pieces >= 1, "windows.pieces", self.pieces, "1 or more")

    def split(self, lines: Iterable[LineT], size: Callable[[LineT], int]) -> Iterator[list[LineT]]:
        """Yield the lines window by window, reading no further than the window needs.

        Args:
            lines: any number of them.
            size: returns the number of characters of a line.
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
        """Yield the indices of the sentences of each batch, those of like length together."""
        batch: list[int] = []
        for index in sorted(range(len(lengths)), key=lambda index: (lengths[index], index)):
            padded = (len(batch) + 1) * lengths[index]
            if batch and (padded > self.pieces or len(batch) == self.sentences):
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch
