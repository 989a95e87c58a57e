"""The contract of handling a line with more pieces than a model should translate at once."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol, runtime_checkable

Encode = Callable[[Sequence[str]], list[list[int]]]
"""Encodes texts as ids."""


@runtime_checkable
class LongLines(Protocol):
    """Turns a long line into one or more chunks, each translated as a sentence.

    Attributes:
        done: participle for the log: the line was …
    """

    done: ClassVar[str]

    @property
    def max_pieces(self) -> int:
        """The most pieces of a line that is translated as it is."""
        ...

    def __call__(self, line: str, encode: Encode) -> list[list[int]]:
        """Return the chunks of a line of more than `max_pieces` pieces, as ids; none is longer."""
        ...
