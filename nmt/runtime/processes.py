"""Processes that apply one function to many values, in the order of the values.

They are not those of `concurrent.futures.ProcessPoolExecutor`, which reads all values at once, ends
no running call, names no process that was killed, imports the command's module again in a new
process, and leaves the parent's open files and locks open in a copy. These end when their input
ends. `Spawned` starts with nothing, `Forked` with all that is in memory.
"""

import itertools
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock
from typing import Any, BinaryIO, NoReturn, Protocol

from nmt.runtime import cpus
from nmt.runtime.errors import NmtError

PREFETCH = 2  # values per process that are read before their turn
BOOTSTRAP = (
    "import sys; sys.path[:] = sys.argv[1:]; from nmt.runtime import processes; processes.serve()"
)


class Process(Protocol):
    """A process that serves a function.

    Attributes:
        pid: the system's number.
        requests: receives pickled values.
        responses: returns a pickled pair of result and error for each of them.
    """

    pid: int
    requests: BinaryIO
    responses: BinaryIO

    def kill(self) -> None:
        """Kill it, if it has not ended."""

    def wait(self) -> int:
        """Wait for its end; return its status, or -SIGNAL."""


class Spawned(Process):
    """A new process, which imports what the pickled function needs (torch takes two seconds)."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        command = [sys.executable, "-c", BOOTSTRAP, *sys.path]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        self._process, self.pid = process, process.pid
        self.requests, self.responses = process.stdin, process.stdout  # type: ignore[assignment]
        with suppress(BrokenPipeError):  # An early end is reported with the first value.
            pickle.dump(function, self.requests)

    def kill(self) -> None:
        """Kill it, if it has not ended."""
        self._process.kill()

    def wait(self) -> int:
        """Wait for its end; return its status, or -SIGNAL."""
        return self._process.wait()


class Forked(Process):
    """A copy of this process that shares its memory until either writes there.

    If this process computed with several threads, the copy must compute with one: the others are
    not copied, but OpenMP would wait for them. The copy closes this process's open files, and so
    holds none of its locks.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        read_requests, write_requests = os.pipe()
        read_responses, write_responses = os.pipe()
        # What Python itself does after a fork would swallow the exception of a signal's handler.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            self.pid = os.fork()
        except OSError:
            for pipe in (read_requests, write_requests, read_responses, write_responses):
                os.close(pipe)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            raise
        if not self.pid:
            _serve_forked(function, read_requests, write_responses, mask)
        os.close(read_requests)
        os.close(write_responses)
        self.requests, self.responses = (
            os.fdopen(write_requests, "wb"),
            os.fdopen(read_responses, "rb"),
        )
        self._status: int | None = None
        self._wait_lock = Lock()
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        except BaseException:  # of a signal that came meanwhile
            self.kill()
            self.wait()
            raise

    def kill(self) -> None:
        """Kill it, if it has not ended."""
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end; return its status, or -SIGNAL."""
        # Several threads may wait after a signal, but the system returns the status once.
        with self._wait_lock:
            if self._status is None:
                self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return self._status


class ProcessPool:
    """Some processes that call the same function; a context manager that ends them."""

    def __init__(
        self,
        function: Callable[[Any], Any],
        count: int,
        start: Callable[[Callable[[Any], Any]], Process] = Spawned,
    ) -> None:
        """Start nothing yet.

        Args:
            function: its arguments and results are pickled.
            count: number of processes.
            start: starts one of them.
        """
        self._function, self._count, self._start = function, count, start
        self._processes: list[Process] = []
        self._idle: SimpleQueue[Process] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count)

    def __enter__(self) -> "ProcessPool":
        """Start the processes."""
        try:
            for _ in range(self._count):
                with cpus.starting():
                    process = self._start(self._function)
                self._processes.append(process)
                self._idle.put(process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """Kill the processes."""
        for process in self._processes:
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            with suppress(BrokenPipeError):  # of what was written last and not read
                process.requests.close()
            process.responses.close()
            process.wait()

    def map(self, values: Iterable[Any]) -> Iterator[Any]:
        """Yield the function's results in the order of the values, of which few are held at once.

        Raises:
            NmtError: if a process was ended from outside.
            Exception: whatever the function raises for the first value for which it does, or the
                iterator of the values, whichever comes first.
        """
        pending: deque[Future[Any]] = deque()
        remaining, failure = iter(values), None
        while failure is None:
            try:
                value = next(remaining)
                with cpus.starting():
                    pending.append(self._threads.submit(self._call, value))
            except (StopIteration, NmtError) as error:
                failure = error
            while len(pending) > (0 if failure else PREFETCH * self._count):
                yield pending.popleft().result()
        if not isinstance(failure, StopIteration):
            raise failure

    def _call(self, value: Any) -> Any:
        process = self._idle.get()
        try:
            pickle.dump(value, process.requests, pickle.HIGHEST_PROTOCOL)
            process.requests.flush()
            result, error = pickle.load(process.responses)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as lost:
            raise NmtError(
                f"process {process.pid}, one of {self._count} that this one started, has ended"
                f" with status {process.wait()}; if memory is short, use fewer processes"
            ) from lost
        finally:
            # Also one that has ended: the next call must fail rather than wait for another.
            self._idle.put(process)
        if error is not None:
            raise error
        return result


def serve() -> None:
    """Answer requests on standard input until it ends; the main function of `Spawned`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides.
    requests, responses = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # Printed text must not mix with the responses.
    with suppress(EOFError):
        _serve(pickle.load(requests), requests, responses)


def _serve_forked(
    function: Callable[[Any], Any], requests: int, responses: int, mask: set[int | signal.Signals]
) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        sys.stdout = os.fdopen(1, "w", buffering=1)
        kept = [2, *sorted((requests, responses)), os.sysconf("SC_OPEN_MAX")]
        for lower, upper in itertools.pairwise(kept):
            os.closerange(lower + 1, upper)
        with os.fdopen(requests, "rb") as reader, os.fdopen(responses, "wb") as writer:
            _serve(function, reader, writer)
        status = 0
    finally:
        os._exit(status)  # Nothing that the parent has started may be finished here as well.


def _serve(function: Callable[[Any], Any], requests: BinaryIO, responses: BinaryIO) -> None:
    with suppress(EOFError, BrokenPipeError):
        while True:
            value = pickle.load(requests)
            response: tuple[Any, Exception | None]
            try:
                response = function(value), None
            except Exception as error:
                response = None, error
            pickle.dump(response, responses, pickle.HIGHEST_PROTOCOL)
            responses.flush()
