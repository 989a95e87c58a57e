"""Detection of exhausted memory, and work that is repeated in halves when it does not fit."""

import errno
import re
from collections.abc import Callable
from typing import TypeVar

from nmt.runtime import allocator
from nmt.runtime.errors import NmtError

Result = TypeVar("Result")

MESSAGES = re.compile(
    r"(?m)DefaultCPUAllocator: can't allocate memory"
    r"|DefaultCPUAllocator: not enough memory"
    r"|std::bad_alloc"
    r"|Cannot allocate memory"
    r"|out of memory"
    r"|Failed to allocate memory for requested buffer"  # onnxruntime
    r"|Available memory of \d+ is smaller than requested bytes"  # onnxruntime's bounded arena
    # oneDNN reports no more than this. What it does not implement it rejects one call earlier,
    # with "could not create a primitive descriptor …" and "… a memory descriptor …".
    r"|^could not (create a (primitive|memory( object)?)|execute a primitive)$"
)
"""Messages of native libraries about exhausted memory, in errors without a type of their own."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory was exhausted.

    numpy and pyarrow raise kinds of MemoryError, torch a RuntimeError on a CPU and its own
    OutOfMemoryError elsewhere, onnxruntime errors of its own; the latter two are recognized by
    name, so that these libraries need not be installed.
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    known = isinstance(error, RuntimeError) or type(error).__module__.startswith("onnxruntime")
    return known and MESSAGES.search(str(error)) is not None


def retry_in_halves(work: Callable[[slice], Result], rows: int, advice: str) -> list[Result]:
    """Do work for all rows at once, or if memory is exhausted, for each half of them.

    Args:
        work: called with a range of rows; neither samples nor changes anything, as it is repeated.
        rows: how many there are.
        advice: what the user may do if not even one row fits.

    Returns:
        The results of all parts, in the order of the rows.

    Raises:
        NmtError: if a single row does not fit.
    """
    results, pending = [], [slice(0, rows)]
    while pending:
        part = pending.pop()
        try:
            results.append(work(part))
            continue
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            if part.stop - part.start <= 1:
                raise NmtError(f"a single line does not fit into memory; {advice}") from error
        # Only here is the error gone, and with it the frames that hold what did not fit.
        allocator.release_free_blocks()
        middle = (part.start + part.stop) // 2
        pending += [slice(middle, part.stop), slice(part.start, middle)]
    return results
