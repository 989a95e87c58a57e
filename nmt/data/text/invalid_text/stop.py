"""Rejection of invalid lines."""

from dataclasses import dataclass

from nmt.runtime.errors import CorpusError
from nmt.runtime.log_messages import RateLimitedWarning


@dataclass(frozen=True)
class StopAtInvalidText:
    """Stops at the first invalid line: for text that is expected to be clean."""

    def __call__(self, line: bytes, message: str, warning: RateLimitedWarning) -> str:
        """Raise an error.

        Raises:
            CorpusError: always; names file, line, byte and remedy.
        """
        raise CorpusError(
            f"{message}; save the text as UTF-8, or use invalid_text=replace or invalid_text=skip"
        )
