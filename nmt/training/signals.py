"""Where a training stops after SIGINT, SIGTERM or SIGHUP.

`Trainer.train` then saves the state and raises `Interrupted`; the process ends with status 128 plus
the signal's number (`nmt.training.run.complete`), and the same command resumes. A second signal
ends a single process at once. Weights that are not finite are not saved; the state before stays.
"""

import math
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType

from nmt.runtime.signals import DeferredSignals, Interrupted
from nmt.training.distributed import collectives


class StopSignals:
    """Defers the signals to all processes that train; a context manager.

    A single process may stop within an update. Several stop between two updates, all after the
    same one, since none can complete an update that another has left.
    """

    def __init__(self) -> None:
        self._alone = collectives.world_size() == 1
        self._signals = DeferredSignals(1.0 if self._alone else math.inf)

    def __enter__(self) -> "StopSignals":
        """Install the handlers."""
        self._signals.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the handlers; where several processes train, discard a signal still pending."""
        if not self._alone:
            self._signals.received = None
        self._signals.__exit__(kind, error, trace)

    def check_between_updates(self) -> None:
        """Raise Interrupted if any process has received a signal."""
        if number := collectives.all_reduce_max(self._signals.received or 0):
            raise Interrupted(number)

    def check_within_update(self) -> None:
        """Raise Interrupted if this process trains alone and has received a signal."""
        if self._alone:
            self._signals.check()

    def immediately(self) -> AbstractContextManager[None]:
        """Return a context in which a signal to a process that trains alone raises Interrupted."""
        return self._signals.immediately() if self._alone else nullcontext()
