"""Memory that a process keeps: freed blocks, for speed, but not kernels of past shapes."""

import ctypes
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup/memory.max")
"""The limit of a container, in bytes, or `max`."""

# The numbers of these options in glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3

# How many kernels are cached by oneDNN (default 1024) and by torch's layer above it (1024 for each
# kind of operation; 0 there crashes the process).
KERNEL_CACHES = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "16", "LRU_CACHE_CAPACITY": "1"}

logger = logging.getLogger(__name__)


def keep_freed_blocks() -> bool:
    """Configure glibc to keep freed blocks; return whether it does (other C libraries do not).

    By default glibc returns each block above 32 MiB at most to the kernel, which fills it with
    zeros when the next operation requests it: a tenth to a third of the time of training on a
    CPU. With this, blocks up to 1 GiB stay, so the process never shrinks below its peak.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        logger.debug("this C library has no mallopt; large blocks return to the kernel")
        return False
    # Older versions of glibc reject more than 32 MiB.
    kept = any(mallopt(M_MMAP_THRESHOLD, size) for size in (2**30, 2**25))
    kept = bool(mallopt(M_TRIM_THRESHOLD, 2**31 - 1)) and kept
    logger.debug("large blocks stay in the process" if kept else "mallopt rejected its values")
    return kept


def release_free_blocks() -> None:
    """Return free blocks to the kernel, where the C library can (glibc): after a shortage.

    Otherwise memory that does not come from these blocks, such as for code that oneDNN generates,
    could not be allocated beside them.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def limit_kernel_caches() -> None:
    """Limit oneDNN's cached kernels, unless the user's environment does; call before its first use.

    There is one for each operation and shape, and hardly two batches have the same shape. Hundreds
    of kernels for shapes that do not recur fill the memory and fragment it, so that the process
    grows for hours. Generating them again did not slow any training that was measured.
    """
    for name, kernels in KERNEL_CACHES.items():
        os.environ.setdefault(name, kernels)


def memory() -> int:
    """Return the bytes of memory that this process may have: of the machine, container and user.

    More than any machine has where the system has no such number.
    """
    if sys.platform == "win32":
        return 1 << 50
    import resource

    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    limits += [one for one in resource.getrlimit(resource.RLIMIT_AS)[:1] if one > 0]
    with suppress(OSError, ValueError):
        limits.append(int(CGROUP.read_text()))
    return min(limits)
