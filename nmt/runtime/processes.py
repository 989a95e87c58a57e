"""Processes that do one thing to many values, in the order of the values.

They are started by hand, not by `multiprocessing`, whose ways import the command's module once more
in each process, and what it starts waits forever where the first process was killed. These end when
their input ends. `Spawned` begins with nothing, `Forked` with all that is in memory.
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

from nmt.runtime.errors import NmtError

AHEAD = 2  # values for each process that are read before their turn
START = (
    "import sys; sys.path[:] = sys.argv[1:]; from nmt.runtime import processes; processes.serve()"
)


class Process(Protocol):
    """One of several that answer.

    Attributes:
        pid: the system's number.
        asked: takes pickled values.
        answers: gives a pickled result and error for each of them.
    """

    pid: int
    asked: BinaryIO
    answers: BinaryIO

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        ...

    def wait(self) -> int:
        """Wait for its end; give its status, or -SIGNAL."""
        ...


class Spawned(Process):
    """A new process, which imports what the function needs; some two seconds where that is torch.

    The function is pickled.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        command = [sys.executable, "-c", START, *sys.path]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        self._process, self.pid = process, process.pid
        self.asked, self.answers = process.stdin, process.stdout  # type: ignore[assignment]
        with suppress(BrokenPipeError):  # Who ended so early is missed at the first value.
            pickle.dump(function, self.asked)

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        self._process.kill()

    def wait(self) -> int:
        """Wait for its end; give its status, or -SIGNAL."""
        return self._process.wait()


class Forked(Process):
    """A copy of this process that shares its memory until one of both writes there; at once.

    Where the first process computed with several threads, the copy must compute with one alone:
    the others are not copied, but OpenMP would wait for them. Files that are open are the first
    process's own; the copy lets go of them, and of their locks.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        asked, ask = os.pipe()
        answers, answer = os.pipe()
        # What Python itself does after a fork would swallow the exception of a signal's handler.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        self.pid = os.fork()
        if not self.pid:
            _serve_as_copy(function, asked, answer, before)
        os.close(asked)
        os.close(answer)
        self.asked, self.answers = os.fdopen(ask, "wb"), os.fdopen(answers, "rb")
        self._status: int | None = None
        self._waited = Lock()
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        except BaseException:  # of a signal that came meanwhile
            self.kill()
            self.wait()
            raise

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end; give its status, or -SIGNAL."""
        # A signal may leave a thread that asks beside the one that ends all; the system says once.
        with self._waited:
            if self._status is None:
                self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return self._status


class ProcessPool:
    """Some processes that call the same function; a context manager, after which they are gone."""

    def __init__(
        self,
        function: Callable[[Any], Any],
        count: int,
        start: Callable[[Callable[[Any], Any]], Process] = Spawned,
    ) -> None:
        """Start nothing yet.

        Args:
            function: its arguments and results are pickled.
            count: processes.
            start: makes one of them.
        """
        self._function, self._count, self._start = function, count, start
        self._processes: list[Process] = []
        self._free: SimpleQueue[Process] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count)

    def __enter__(self) -> "ProcessPool":
        """Start the processes."""
        try:
            for _ in range(self._count):
                process = self._start(self._function)
                self._processes.append(process)
                self._free.put(process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            with suppress(BrokenPipeError):  # of what was written last and not read
                process.asked.close()
            process.answers.close()
            process.wait()

    def map(self, values: Iterable[Any]) -> Iterator[Any]:
        """Give the function's results, each where its value stood; a few values are held at once.

        Raises:
            NmtError: if a process was ended from outside; otherwise what the first value whose
                function raises, or the reading of the values, raises, whichever comes first.
        """
        waiting: deque[Future[Any]] = deque()
        rest, failure = iter(values), None
        while failure is None:
            try:
                waiting.append(self._threads.submit(self._ask, next(rest)))
            except (StopIteration, NmtError) as error:
                failure = error
            while len(waiting) > (0 if failure else AHEAD * self._count):
                yield waiting.popleft().result()
        if not isinstance(failure, StopIteration):
            raise failure

    def _ask(self, value: Any) -> Any:
        process = self._free.get()
        try:
            pickle.dump(value, process.asked, pickle.HIGHEST_PROTOCOL)
            process.asked.flush()
            result, error = pickle.load(process.answers)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as lost:
            raise NmtError(
                f"process {process.pid}, one of {self._count} that this one started, has ended"
                f" with status {process.wait()}; where memory is short, let fewer work at once"
            ) from lost
        finally:
            # One that has ended too: whoever asks it next must be told, and not wait for another.
            self._free.put(process)
        if error is not None:
            raise error
        return result


def serve() -> None:
    """Do what the process that started this one asks for, until it asks no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first one decides.
    asked, answered = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # What is printed must not stand among the answers.
    with suppress(EOFError):
        _answer(pickle.load(asked), asked, answered)


def _serve_as_copy(
    function: Callable[[Any], Any], asked: int, answered: int, mask: set[int | signal.Signals]
) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        sys.stdout = os.fdopen(1, "w", buffering=1)
        ends = [2, *sorted((asked, answered)), os.sysconf("SC_OPEN_MAX")]
        for before, after in itertools.pairwise(ends):
            os.closerange(before + 1, after)
        with os.fdopen(asked, "rb") as values, os.fdopen(answered, "wb") as answers:
            _answer(function, values, answers)
        status = 0
    finally:
        os._exit(status)  # Nothing that the first process has begun is to be ended here as well.


def _answer(function: Callable[[Any], Any], asked: BinaryIO, answered: BinaryIO) -> None:
    with suppress(EOFError, BrokenPipeError):
        while True:
            value = pickle.load(asked)
            answer: tuple[Any, Exception | None]
            try:
                answer = function(value), None
            except Exception as error:
                answer = None, error
            pickle.dump(answer, answered, pickle.HIGHEST_PROTOCOL)
            answered.flush()
