"""The contract of what is done with a line that has more pieces than the model should be given."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol, runtime_checkable

Encode = Callable[[Sequence[str]], list[list[int]]]
"""Cuts texts into ids of pieces."""


@runtime_checkable
class LongLines(Protocol):
    """Makes of a long line one or more chunks that are translated one by one.

    Attributes:
        done: what was done to a line, for the log.
    """

    done: ClassVar[str]

    @property
    def max_pieces(self) -> int:
        """Pieces that a line may have without anything being done to it."""
        ...

    def __call__(self, line: str, encode: Encode) -> list[list[int]]:
        """Give the chunks of a line of more than `max_pieces` pieces; none has more than that."""
        ...
