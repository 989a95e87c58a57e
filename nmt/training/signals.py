"""When a training obeys a signal: at once, or where several processes train, all at one place."""

import math
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType

from nmt.runtime.signals import DeferredSignals, Interrupted
from nmt.training.distributed import collectives


class Stopping:
    """Watches for signals to any of the processes that train; a context manager.

    One process alone stops wherever it is. Several stop between two updates, all after the same:
    what one of them leaves, the others would wait for.
    """

    def __init__(self) -> None:
        self._alone = collectives.ranks() == 1
        self._watch = DeferredSignals(1.0 if self._alone else math.inf)

    def __enter__(self) -> "Stopping":
        """Begin to watch."""
        self._watch.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End watching; a signal that one of several processes has not obeyed yet is forgotten."""
        if not self._alone:
            self._watch.received = None
        self._watch.__exit__(kind, error, trace)

    def between_updates(self) -> None:
        """Raise Interrupted if a signal came, to whichever process."""
        if number := collectives.greatest(self._watch.received or 0):
            raise Interrupted(number)

    def within_update(self) -> None:
        """Raise Interrupted if a signal came to a process that is alone."""
        if self._alone:
            self._watch.check()

    def at_once(self) -> AbstractContextManager[None]:
        """Give a context in which a process that is alone is interrupted the moment it is told."""
        return self._watch.immediately() if self._alone else nullcontext()
