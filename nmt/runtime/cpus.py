"""How many processors there are, and work for all of them in threads."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nmt.runtime.errors import require

MOST = 1024

Value = TypeVar("Value")
Result = TypeVar("Result")


def count() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def asked(key: str, value: object) -> int | None:
    """Read how many processes the user asks for; None is `auto`.

    Raises:
        ConfigurationError: if it is neither `auto` nor such a number.
    """
    text = str(value)
    if text == "auto":
        return None
    holds = text.isascii() and text.isdigit() and 1 <= int(text) <= MOST
    require(holds, key, text, f"auto, or a whole number, 1 to {MOST}")
    return int(text)


def on_all(function: Callable[[Value], Result], values: Sequence[Value]) -> list[Result]:
    """Call a function that leaves Python free, as sums of large files do, in a thread a processor.

    Raises:
        Exception: what the function raises of the first value of which it does.
    """
    with ThreadPoolExecutor(count()) as threads:
        return list(threads.map(function, values))
