"""The contract of how a line of too many pieces is handled."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol, runtime_checkable

Encode = Callable[[Sequence[str]], list[list[int]]]
"""Encodes texts as ids of pieces."""


@runtime_checkable
class LongLines(Protocol):
    """Turns a long line into one or more chunks that are translated separately.

    Attributes:
        done: what was done to a line, for the log.
    """

    done: ClassVar[str]

    @property
    def max_pieces(self) -> int:
        """The most pieces of a line that is translated as it is."""
        ...

    def __call__(self, line: str, encode: Encode) -> list[list[int]]:
        """Return the chunks of a line of more than `max_pieces` pieces; none has more."""
        ...
