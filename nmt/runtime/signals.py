"""Signals that end work in an orderly way: SIGINT (Ctrl-C), SIGTERM and SIGHUP as exceptions."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The last is sent to the processes of a terminal that closes."""


class Interrupted(KeyboardInterrupt):
    """The work stopped in good order because of a signal.

    Attributes:
        status: the exit status of the command, 128 + the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.status = 128 + number


class Terminated(KeyboardInterrupt):
    """SIGTERM came while no `DeferredSignals` was active: the work stops as it does for Ctrl-C."""


@contextmanager
def raise_on_sigterm() -> Iterator[None]:
    """Raise Terminated on SIGTERM, so that partial output is removed.

    Outside the main thread nothing changes, since Python delivers signals there alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


class DeferredSignals:
    """A context in which signals are recorded for `check`, and only the next one acts as usual.

    Outside the main thread none is recorded, since Python delivers signals there alone.

    Attributes:
        received: the signal's number, None before it came.
    """

    def __init__(self, count: float = 1.0) -> None:
        """Set how many signals are recorded: torchrun sends each of its processes a second one."""
        self.received: int | None = None
        self._remaining = count
        self._previous: dict[int, Any] = {}
        self._raise_immediately = False

    def __enter__(self) -> "DeferredSignals":
        """Install the handlers."""
        if threading.current_thread() is threading.main_thread():
            # A process that ignores SIGHUP was started to outlive its terminal (nohup).
            outlives = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            deferred = [one for one in SIGNALS if one != signal.SIGHUP or not outlives]
            self._previous = {number: signal.signal(number, self._receive) for number in deferred}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the previous handlers; raise Interrupted for a signal that is still pending."""
        self._restore()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise Interrupted if a signal came."""
        if self.received is not None:
            raise Interrupted(self.received)

    @contextmanager
    def immediately(self) -> Iterator[None]:
        """Raise Interrupted as soon as a signal comes: for work that may stop anywhere."""
        self._raise_immediately = True
        try:
            self.check()
            yield
        finally:
            self._raise_immediately = False

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        self._remaining -= 1
        if self._remaining < 1:
            self._restore()
        if self._raise_immediately:
            raise Interrupted(number)

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
