"""The contract of what becomes of a line that is not UTF-8."""

from typing import Protocol, runtime_checkable

from nmt.runtime.log_messages import RateLimitedWarning


@runtime_checkable
class InvalidText(Protocol):
    """Makes text of what is none, or refuses it; either way there is one line for each line."""

    def __call__(self, line: bytes, found: str, notice: RateLimitedWarning) -> str:
        """Give what the line is to read as.

        Args:
            line: without its end.
            found: file, line number, and the first byte that is wrong, for messages.
            notice: takes a message about the line, if the work goes on.

        Raises:
            CorpusError: if it does not.
        """
        ...
