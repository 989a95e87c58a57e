"""Pipes and devices of a test's own, in its scratch folder."""

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest


def device(path: Path, major: int, minor: int) -> Path:
    """Make a character device; the test is skipped where that needs a privilege."""
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(major, minor))
        path.open("wb").close()
    except OSError as error:
        pytest.skip(f"a device cannot be made or opened here: {error.strerror}")
    return path


def read_pipe(pipe: Path, write: Callable[[], object]) -> bytes:
    """Return what a function writes into a pipe."""
    # Opened for both, it never waits: whether anything was written is seen by reading.
    handle = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(write).result(timeout=20)
        try:
            return os.read(handle, 1 << 16)
        except BlockingIOError:
            return b""
    finally:
        os.close(handle)
