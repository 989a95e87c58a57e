"""Processes of one thread each that share the work of one command, started when there is some."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from nmt.runtime import cpus
from nmt.runtime.errors import require
from nmt.runtime.processes import Forked, ProcessPool, Spawned

COPIES = sys.platform == "linux"  # Elsewhere libraries may not survive a fork.


class WorkerPool:
    """Does one thing to many values in this process, or in several; a context manager.

    The processes start with the first values that can be shared, so that little work costs no
    start. Copies of this process are made in milliseconds; where the system's libraries do not
    bear that, new processes, to which the function is pickled.
    """

    def __init__(
        self, function: Callable[[Any], Any], count: int, apart: Callable[[Any], Any]
    ) -> None:
        """Start nothing yet.

        Args:
            function: what is done in this process, with all of its threads.
            count: processes; 1 stays in this one.
            apart: what each of several processes does instead, with one thread.
        """
        self._function, self._count, self._apart = function, count, apart
        self._crew: ProcessPool | None = None
        self._processes = ExitStack()

    def __enter__(self) -> "WorkerPool":
        """Start nothing yet."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the processes."""
        self._processes.close()

    def map(self, values: Sequence[Any]) -> Iterator[Any]:
        """Give the function's results in the order of the values.

        Raises:
            NmtError: if a process was ended from outside.
        """
        if self._count == 1 or (self._crew is None and len(values) < 2):
            yield from map(self._function, values)
            return
        if self._crew is None:
            crew = ProcessPool(self._apart, self._count, Forked if COPIES else Spawned)
            self._crew = self._processes.enter_context(crew)
        yield from self._crew.map(values)


def count(asked: object, threads: object, device: str, most: int) -> int:
    """Say how many processes are to work.

    Args:
        asked: a number, or `auto`: where the user chose no number of threads, `most`, as that is
            faster than threads; but one where a process cannot be copied or the device is no CPU.
        threads: that the user chose; None is the engine's choice.
        device: where the work is done, `cpu` or another kind.
        most: threads that the engine would take.

    Raises:
        ConfigurationError: if it is no such number, or several processes cannot work so.
    """
    number = cpus.asked("workers", asked)
    if number is None:
        alone = threads is not None or device != "cpu" or not COPIES
        return 1 if alone else min(cpus.count(), most)
    if number > 1:
        one = f"null or 1 with workers={number}, each of which has one thread"
        require(threads in (None, 1), "threads", threads, one)
        require(device == "cpu", "workers", number, f"1 with device={device}")
    return number
