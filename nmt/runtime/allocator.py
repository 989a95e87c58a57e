"""What a process keeps of memory: freed blocks, which come again, and not the past's kernels."""

import ctypes
import logging
import os
import sys

# The numbers of these options in glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3

# How many kernels are kept, by oneDNN (1024 if nobody says) and by torch's way to it (1024 of each
# kind of operation; 0 there ends the process with a fault).
CAPACITIES = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "16", "LRU_CACHE_CAPACITY": "1"}

logger = logging.getLogger(__name__)


def keep_blocks() -> bool:
    """Tell glibc to keep freed blocks; say whether it does (other C libraries are left alone).

    By default glibc gives each block above 32 MiB at most back to the kernel, which fills it with
    zeros when the next operation asks for it: a tenth to a third of the time of training on a
    CPU. Here blocks up to 1 GiB stay, so the process never shrinks below its peak.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        logger.debug("this C library has no mallopt; large blocks go back to the kernel")
        return False
    # Older versions of glibc refuse more than 32 MiB.
    kept = any(mallopt(M_MMAP_THRESHOLD, size) for size in (2**30, 2**25))
    kept = bool(mallopt(M_TRIM_THRESHOLD, 2**31 - 1)) and kept
    logger.debug("large blocks are kept in the process" if kept else "mallopt refused its values")
    return kept


def give_back() -> None:
    """Return to the kernel what lies free, where this C library can (glibc): after a shortage.

    Freed blocks stay in the process, and what does not come from them, such as the code that
    oneDNN writes, would find no room beside them.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def forget_kernels() -> None:
    """Let few of oneDNN's kernels be kept; to be called before the first of them is made.

    There is one for each operation and shape, and hardly two batches have the same shape: hundreds
    of kernels wait in memory for shapes that do not come again, and scatter what is freed between
    them, so that the process grows for hours. To make them anew did not slow any training that was
    measured. What the user's environment says stays.
    """
    for name, kernels in CAPACITIES.items():
        os.environ.setdefault(name, kernels)
