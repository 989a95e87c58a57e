"""Leaves out lines that are not text, and keeps their places."""

from dataclasses import dataclass

from nmt.notice import Notice


@dataclass(frozen=True)
class Skip:
    """Reads the line as an empty one, so that later lines keep their numbers."""

    def __call__(self, line: bytes, found: str, notice: Notice) -> str:
        """Give nothing, and say so."""
        notice.say(f"{found}; the line reads as empty")
        return ""
