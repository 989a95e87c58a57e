"""The contract of splitting a line into the sentences that are translated one by one."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Sentences(Protocol):
    """Splits a line into sentences."""

    def __call__(self, line: str) -> list[str]:
        """Return the sentences in order, each with the white space after it; at least one.

        Their concatenation is the line. One of several sentences is never white space alone.
        """
        ...
