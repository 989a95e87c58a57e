"""Leaves out lines that are not text, and keeps their places."""

from dataclasses import dataclass

from nmt.runtime.log_messages import RateLimitedWarning


@dataclass(frozen=True)
class SkipInvalidText:
    """Reads the line as an empty one, so that later lines keep their numbers."""

    def __call__(self, line: bytes, found: str, notice: RateLimitedWarning) -> str:
        """Give nothing, and say so."""
        notice.warn(f"{found}; the line reads as empty")
        return ""
