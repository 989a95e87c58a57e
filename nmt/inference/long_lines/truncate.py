"""Truncation of long lines: pieces after the limit are not translated."""

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
        """Check that a piece is kept."""
        require(self.max_pieces >= 1, "long_lines.max_pieces", self.max_pieces, "1 or more")

    def __call__(self, line: str, encode: Encode) -> list[list[int]]:
        """Return one chunk."""
        return [encode([line])[0][: self.max_pieces]]
