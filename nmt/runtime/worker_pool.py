"""Single-threaded processes that share the work of a command, started when they are needed."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from nmt.runtime import cpus
from nmt.runtime.errors import require
from nmt.runtime.processes import Forked, ProcessPool, Spawned

CAN_FORK = sys.platform == "linux"  # Elsewhere libraries may not survive a fork.


class WorkerPool:
    """A map over values in this process or in several; a context manager.

    The processes start with the first values that can be shared, so that little work costs no
    start. They are forked in milliseconds where libraries survive that; elsewhere they are new
    processes, which receive the pickled function.
    """

    def __init__(
        self, function: Callable[[Any], Any], count: int, single_threaded: Callable[[Any], Any]
    ) -> None:
        """Start nothing yet.

        Args:
            function: called in this process, with all of its threads.
            count: number of processes; 1 stays in this one.
            single_threaded: called instead in each of several processes.
        """
        self._function, self._count, self._single_threaded = function, count, single_threaded
        self._pool: ProcessPool | None = None
        self._processes = ExitStack()

    def __enter__(self) -> "WorkerPool":
        """Start nothing yet."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the processes."""
        self._processes.close()

    def map(self, values: Sequence[Any]) -> Iterator[Any]:
        """Yield the function's results in the order of the values.

        Raises:
            NmtError: if a process was ended from outside.
        """
        if self._count == 1 or (self._pool is None and len(values) < 2):
            yield from map(self._function, values)
            return
        if self._pool is None:
            pool = ProcessPool(self._single_threaded, self._count, Forked if CAN_FORK else Spawned)
            self._pool = self._processes.enter_context(pool)
        yield from self._pool.map(values)


def resolve_count(workers: object, threads: object, device: str, default: int) -> int:
    """Return the number of processes of a command.

    Args:
        workers: a number, or `auto`: `default` if the user set no number of threads, as processes
            are faster than threads; but 1 where a process cannot fork, or on other devices.
        threads: set by the user; None is the engine's default.
        device: type of the device, `cpu` or another.
        default: number of threads that the engine would use.

    Raises:
        ConfigurationError: if `workers` is neither, or several processes cannot work so.
    """
    number = cpus.parse_count("workers", workers)
    if number is None:
        alone = threads is not None or device != "cpu" or not CAN_FORK
        return 1 if alone else min(cpus.count(), default)
    if number > 1:
        expected = f"null or 1 with workers={number}, each of which has one thread"
        require(threads in (None, 1), "threads", threads, expected)
        require(device == "cpu", "workers", number, f"1 with device={device}")
    return number
