"""The processors of this process, and work for all of them in threads."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from nmt.runtime.errors import NmtError, require

MAX_PROCESSES = 1024

Value = TypeVar("Value")
Result = TypeVar("Result")


@contextmanager
def starting() -> Iterator[None]:
    """Report in one line that the system starts no further thread or process.

    Raises:
        NmtError: instead of the error by which Python says so.
    """
    try:
        yield
    except (RuntimeError, BlockingIOError) as error:
        if isinstance(error, RuntimeError) and "can't start new thread" not in str(error):
            raise
        raise NmtError(
            "the system starts no further threads or processes here; end other programs, or raise"
            " the limit (ulimit -u, or that of the container)"
        ) from error


def count() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parse_count(key: str, value: object) -> int | None:
    """Read a number of processes from the configuration; None is `auto`.

    Raises:
        ConfigurationError: if it is neither `auto` nor a number from 1 to 1024.
    """
    text = str(value)
    if text == "auto":
        return None
    holds = text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PROCESSES
    require(holds, key, text, f"auto, or a whole number, 1 to {MAX_PROCESSES}")
    return int(text)


def map_in_threads(function: Callable[[Value], Result], values: Sequence[Value]) -> list[Result]:
    """Call a function that releases the GIL, such as hashing, in one thread per processor.

    Raises:
        NmtError: if the system starts no thread.
        Exception: whatever the function raises for the first value for which it does.
    """
    with ThreadPoolExecutor(count()) as threads:
        with starting():
            results = threads.map(function, values)
        return list(results)
