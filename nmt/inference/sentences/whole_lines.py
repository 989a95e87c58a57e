"""Lines as they are: text with one sentence a line."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WholeLines:
    """Takes each line for one sentence."""

    def __call__(self, line: str) -> list[str]:
        """Return the line."""
        return [line]
