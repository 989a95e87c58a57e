"""Ends at the first line that is not text."""

from dataclasses import dataclass

from nmt.runtime.errors import CorpusError
from nmt.runtime.log_messages import RateLimitedWarning


@dataclass(frozen=True)
class StopAtInvalidText:
    """Refuses the line: for text that is expected to be clean."""

    def __call__(self, line: bytes, found: str, notice: RateLimitedWarning) -> str:
        """Stop.

        Raises:
            CorpusError: always; names file, line and byte, and what to do.
        """
        raise CorpusError(f"{found}; save the text as UTF-8, or take invalid_text=replace or skip")
