"""Processes that do one thing to many values, in the order of the values.

They are started by hand, not by `multiprocessing`: a fork of a process that has threads may hang,
its other ways import the command's module, and torch with it, once more in each process, and what
it starts waits forever where the first process was killed. These end when their input ends.
"""

import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from nmt.errors import NmtError

AHEAD = 2  # values for each process that are read before their turn
START = "import sys; sys.path[:] = sys.argv[1:]; from nmt import piped; piped.serve()"


class Crew:
    """Some processes that call the same function; a context manager, after which they are gone."""

    def __init__(self, function: Callable[[Any], Any], count: int) -> None:
        """Start nothing yet.

        Args:
            function: is pickled, as are its arguments and results.
            count: processes.
        """
        self._function, self._count = function, count
        self._processes: list[subprocess.Popen[bytes]] = []
        self._free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count)

    def __enter__(self) -> "Crew":
        """Start the processes."""
        command = [sys.executable, "-c", START, *sys.path]
        function = pickle.dumps(self._function)
        with suppress(BrokenPipeError):  # Who ended so early is missed at the first value.
            for _ in range(self._count):
                process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                self._processes.append(process)
                self._free.put(process)
                assert process.stdin is not None
                process.stdin.write(function)
        return self

    def __exit__(self, *exception: object) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            with suppress(BrokenPipeError):
                process.communicate()

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
        assert process.stdin is not None and process.stdout is not None
        try:
            pickle.dump(value, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            result, error = pickle.load(process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as lost:
            raise NmtError(
                f"process {process.pid}, one of {self._count} that this one started, has ended"
                f" with status {process.wait()}; where memory is short, let fewer work at once"
            ) from lost
        self._free.put(process)
        if error is not None:
            raise error
        return result


def serve() -> None:
    """Do what the process that started this one asks for, until it asks no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first one decides.
    asked, answered = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # What is printed must not stand among the answers.
    with suppress(EOFError, BrokenPipeError):
        function = pickle.load(asked)
        while True:
            value = pickle.load(asked)
            answer: tuple[Any, Exception | None]
            try:
                answer = function(value), None
            except Exception as error:
                answer = None, error
            pickle.dump(answer, answered, pickle.HIGHEST_PROTOCOL)
            answered.flush()
