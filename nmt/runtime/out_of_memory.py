"""Work that does not fit into memory: how it is known, and that it is done by halves instead."""

import errno
import re
from collections.abc import Callable
from typing import TypeVar

from nmt.runtime import allocator
from nmt.runtime.errors import NmtError

Result = TypeVar("Result")

SAID = re.compile(
    r"(?m)DefaultCPUAllocator: can't allocate memory"
    r"|DefaultCPUAllocator: not enough memory"
    r"|std::bad_alloc"
    r"|Cannot allocate memory"
    r"|out of memory"
    r"|Failed to allocate memory for requested buffer"  # onnxruntime
    # oneDNN says no more than this. What it does not have at all it refuses one call earlier,
    # with "could not create a primitive descriptor …" and "… a memory descriptor …".
    r"|^could not (create a (primitive|memory( object)?)|execute a primitive)$"
)
"""How the libraries below Python say that memory is exhausted, in errors of no type of its own."""


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory did not suffice.

    numpy and pyarrow raise kinds of MemoryError, torch a RuntimeError on a CPU and its own
    OutOfMemoryError elsewhere, onnxruntime errors of its own; the latter two are known by names,
    so that these libraries need not be there.
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    known = isinstance(error, RuntimeError) or type(error).__module__.startswith("onnxruntime")
    return known and SAID.search(str(error)) is not None


def retry_in_halves(work: Callable[[slice], Result], rows: int, advice: str) -> list[Result]:
    """Do work for all rows at once; where memory does not suffice, for each half of them.

    Args:
        work: is given which rows; draws nothing and changes nothing, so that it can be repeated.
        rows: how many there are.
        advice: what the user may do where not even one row fits.

    Returns:
        the results of all parts, in the order of the rows.

    Raises:
        NmtError: if a single row does not fit.
    """
    results, left = [], [slice(0, rows)]
    while left:
        part = left.pop()
        try:
            results.append(work(part))
            continue
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            if part.stop - part.start <= 1:
                raise NmtError(f"a single line does not fit into memory; {advice}") from error
        # Only here is the error gone, and with it the frames that hold what did not fit.
        allocator.give_back()
        middle = (part.start + part.stop) // 2
        left += [slice(middle, part.stop), slice(part.start, middle)]
    return results
