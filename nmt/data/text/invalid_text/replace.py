"""Reads what is text, and marks what is not."""

from dataclasses import dataclass

from nmt.runtime.log_messages import RateLimitedWarning


@dataclass(frozen=True)
class ReplaceInvalidText:
    """Puts U+FFFD in the place of each sequence of bytes that is no character."""

    def __call__(self, line: bytes, found: str, notice: RateLimitedWarning) -> str:
        """Give the line, and say so."""
        notice.warn(f"{found}; what is not reads U+FFFD")
        return line.decode("utf-8", errors="replace")
