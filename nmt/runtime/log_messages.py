"""Log messages about many lines or long work that do not flood the log."""

import logging
import time

log = logging.getLogger(__name__)


class RateLimitedWarning:
    """One kind of warning: the first few are logged, the others only counted.

    Args:
        kind: what is counted, for the last message, as in "lines were not UTF-8".
        first: number of warnings that are logged in full.
    """

    def __init__(self, kind: str, first: int) -> None:
        self.kind = kind
        self.first = first
        self.count = 0

    def warn(self, message: str) -> None:
        """Log the message, or only count it."""
        self.count += 1
        if self.count <= self.first:
            log.warning(message)

    def close(self) -> None:
        """Log the total, if not all were logged."""
        if self.count > self.first:
            log.warning("%d %s in all", self.count, self.kind)


class Heartbeat:
    """Regular messages on the progress of long work; none for short work.

    Args:
        seconds: before the first message, and between two.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._due = time.monotonic() + seconds

    def beat(self, message: str) -> None:
        """Log the message if it is due."""
        if time.monotonic() >= self._due:
            log.info(message)
            self._due = time.monotonic() + self.seconds
