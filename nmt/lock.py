"""One writer a folder: a lock that the system takes back when its process ends, however it ends."""

import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nmt.errors import NmtError

NAME = ".lock"

log = logging.getLogger(__name__)


class LockedError(NmtError):
    """Another process writes into the folder; names the process, its machine and since when."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, made with its folder if need be, until the work in it is done.

    The lock is one of the open file (flock), so a process that was killed leaves none behind; the
    file that remains only says who was the last to write.

    Raises:
        LockedError: if another process holds it.
        NmtError: if the folder or the file in it cannot be written.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise NmtError(f"{path} cannot be written: {error.strerror or error}") from error
    try:
        if not _take(handle):
            raise LockedError(f"{folder} is being written by {_holder(path)}")
        os.ftruncate(handle, 0)
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()} since {now}\n".encode())
        yield
    finally:
        os.close(handle)


def free(folder: Path) -> bool:
    """Say whether no process holds the folder's lock."""
    try:
        handle = os.open(folder / NAME, os.O_RDWR)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        return _take(handle)
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    if sys.platform == "win32":
        log.warning("this system has no flock; see to it that only one process writes the folder")
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip() or "another process"
