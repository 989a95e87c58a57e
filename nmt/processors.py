"""How many processors there are, and work for all of them in threads."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")


def count() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def on_all(function: Callable[[Value], Result], values: Sequence[Value]) -> list[Result]:
    """Call a function that leaves Python free, as sums of large files do, in a thread a processor.

    Raises:
        Exception: what the function raises of the first value of which it does.
    """
    with ThreadPoolExecutor(count()) as threads:
        return list(threads.map(function, values))
