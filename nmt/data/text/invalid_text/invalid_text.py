"""The contract of a way to handle lines that are not UTF-8."""

from typing import Protocol, runtime_checkable

from nmt.runtime.log_messages import RateLimitedWarning


@runtime_checkable
class InvalidText(Protocol):
    """Replaces a line that is not UTF-8, or rejects it; so there is one line for each line."""

    def __call__(self, line: bytes, message: str, warning: RateLimitedWarning) -> str:
        """Return the text to read instead of the line.

        Args:
            line: without its end.
            message: names file, line number and the first invalid byte.
            warning: logs what happens to the line.

        Raises:
            CorpusError: if the line is rejected.
        """
        ...
