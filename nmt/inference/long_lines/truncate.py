"""Cuts long lines off: nothing is translated of what comes after the limit."""

from dataclasses import dataclass
from typing import ClassVar

from nmt.inference.long_lines.long_lines import Encode
from nmt.runtime.errors import require


@dataclass(frozen=True)
class TruncateLongLines:
    """Keeps the first pieces of a line.

    Attributes:
        max_pieces: that are kept.
    """

    max_pieces: int
    done: ClassVar[str] = "cut off there"

    def __post_init__(self) -> None:
        """Refuse a limit that leaves nothing."""
        require(self.max_pieces >= 1, "long_lines.max_pieces", self.max_pieces, "1 or more")

    def __call__(self, line: str, encode: Encode) -> list[list[int]]:
        """Give one chunk."""
        return [encode([line])[0][: self.max_pieces]]
