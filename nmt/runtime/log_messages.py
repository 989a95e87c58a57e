"""Says what happened to lines, and that something happens at all, without flooding the log."""

import logging
import time

log = logging.getLogger(__name__)


class RateLimitedWarning:
    """One kind of message: the first few are logged, then they are counted.

    Args:
        kind: what is counted, for the last message, as in "lines were not UTF-8".
        first: how many messages are logged in full.
    """

    def __init__(self, kind: str, first: int) -> None:
        self.kind = kind
        self.first = first
        self.count = 0

    def say(self, message: str) -> None:
        """Log the message, or only count it."""
        self.count += 1
        if self.count <= self.first:
            log.warning(message)

    def close(self) -> None:
        """Log how many there were, if not all were logged."""
        if self.count > self.first:
            log.warning("%d %s in all", self.count, self.kind)


class Heartbeat:
    """Says every so often how far a long work is, and nothing of a short one.

    Args:
        seconds: before the first message, and between two.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._due = time.monotonic() + seconds

    def beat(self, message: str) -> None:
        """Log the message if it is time."""
        if time.monotonic() >= self._due:
            log.info(message)
            self._due = time.monotonic() + self.seconds
