"""One writer a folder: a lock that the system takes back when its process ends, however it ends."""

import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nmt.runtime.errors import NmtError

NAME = ".lock"
TRIES = 100
"""To open a file in a folder that another process takes away."""

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
        handle = _in(folder)
    except BlockingIOError:
        raise LockedError(f"{folder} is being written by {_holder(path)}") from None
    except OSError as error:
        raise NmtError(f"{path} cannot be written: {error.strerror or error}") from error
    try:
        _sign(handle)
        yield
    finally:
        os.close(handle)


@contextmanager
def passing(folder: Path) -> Iterator[None]:
    """Hold a folder's lock as `locked` does, and take its file away at the end.

    Raises:
        LockedError: if another process holds it.
        NmtError: if the folder or the file in it cannot be written.
    """
    with locked(folder):
        try:
            yield
        finally:
            (folder / NAME).unlink(missing_ok=True)


@contextmanager
def alone(path: Path) -> Iterator[BinaryIO]:
    """Write a file from its start that no other process writes; one that was left is used again.

    Raises:
        LockedError: if another process writes it.
        OSError: if it cannot be written.
    """
    try:
        handle = _opened(path)
    except BlockingIOError:
        raise LockedError(f"{path} is being written by another process") from None
    with os.fdopen(handle, "wb") as file:
        file.truncate()
        yield file


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


def _in(folder: Path) -> int:
    for _ in range(TRIES):
        # Whoever held it before may take the folder away between any two of these.
        with suppress(FileNotFoundError, FileExistsError):
            folder.mkdir(parents=True, exist_ok=True)
            return _opened(folder / NAME)
    folder.mkdir(parents=True, exist_ok=True)
    return _opened(folder / NAME)


def _opened(path: Path) -> int:
    """Open a file and lock it; anew, where whoever held it before renamed it or took it away.

    Raises:
        BlockingIOError: if another process holds it.
        OSError: if it cannot be written.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _take(handle):
                raise BlockingIOError
            if _is(handle, path):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _is(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    with suppress(OSError):  # A full disk: the lock holds without its holder's name.
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()} since {now}\n".encode())


def _take(handle: int) -> bool:
    if sys.platform == "win32":
        log.warning("this system has no flock; see to it that only one process writes the folder")
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # of a file system that knows no locks
        log.warning("%s: see to it that only one process writes the folder", error.strerror)
    return True


def _holder(path: Path) -> str:
    try:
        found = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # It has just gone.
        found = ""
    return found or "another process"
