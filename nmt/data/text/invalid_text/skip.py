"""Replacement of invalid lines by empty ones."""

from dataclasses import dataclass

from nmt.runtime.log_messages import RateLimitedWarning


@dataclass(frozen=True)
class SkipInvalidText:
    """Reads an invalid line as an empty one, so that later lines keep their numbers."""

    def __call__(self, line: bytes, message: str, warning: RateLimitedWarning) -> str:
        """Return an empty line, and log a warning."""
        warning.warn(f"{message}; the line reads as empty")
        return ""
