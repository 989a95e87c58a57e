"""Replacement of invalid bytes."""

from dataclasses import dataclass

from nmt.runtime.log_messages import RateLimitedWarning


@dataclass(frozen=True)
class ReplaceInvalidText:
    """Replaces each invalid sequence of bytes by U+FFFD."""

    def __call__(self, line: bytes, message: str, warning: RateLimitedWarning) -> str:
        """Return the rest of the line with U+FFFD, and log a warning."""
        warning.warn(f"{message}; invalid bytes read U+FFFD")
        return line.decode("utf-8", errors="replace")
