"""Ctrl-C, SIGTERM and SIGHUP as a wish that is granted at the next good moment."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The last is what the processes of a terminal get when it goes."""


class Interrupted(KeyboardInterrupt):
    """The work stopped in good order because of a signal.

    Attributes:
        status: the exit status that belongs to it, 128 + the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.status = 128 + number


class Terminated(KeyboardInterrupt):
    """SIGTERM came where nobody watches: the work stops as it does for Ctrl-C."""


@contextmanager
def terminating() -> Iterator[None]:
    """Let SIGTERM raise Terminated, so that what is half written is taken back.

    Outside the main thread nothing changes, since Python delivers signals there alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


class Watch:
    """Notes the first signals instead of dying of them; the next one works as if nobody watched.

    Outside the main thread it notes nothing, since Python delivers signals there alone.

    Attributes:
        noted: the signal's number, None before it came.
    """

    def __init__(self, most: float = 1.0) -> None:
        """Note so many signals at most: torchrun sends each of its processes a second one."""
        self.noted: int | None = None
        self._most = most
        self._before: dict[int, Any] = {}
        self._at_once = False

    def __enter__(self) -> "Watch":
        """Begin to watch."""
        if threading.current_thread() is threading.main_thread():
            # Who ignores SIGHUP was started to outlive its terminal (nohup).
            outlives = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            watched = [one for one in SIGNALS if one != signal.SIGHUP or not outlives]
            self._before = {number: signal.signal(number, self._note) for number in watched}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back to whoever had them; raise Interrupted if one is not obeyed yet."""
        self._give_back()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise Interrupted if a signal came."""
        if self.noted is not None:
            raise Interrupted(self.noted)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Raise Interrupted the moment a signal comes: for work that may be cut off anywhere."""
        self._at_once = True
        try:
            self.check()
            yield
        finally:
            self._at_once = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.noted = number
        self._most -= 1
        if self._most < 1:
            self._give_back()
        if self._at_once:
            raise Interrupted(number)

    def _give_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
