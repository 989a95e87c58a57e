"""One writer per folder, by a lock that the system releases when its process ends, however it ends.

Not the package `filelock`: it removes no lock file safely, locks no file that is then renamed, and
where the file system has no flock it uses marker files, which remain after a kill.
"""

import logging
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nmt.runtime import atomic_files
from nmt.runtime.errors import NmtError

NAME = ".lock"
MAX_HOLDER = 300  # characters
MAX_TRIES = 100
"""To open a file in a folder that another process removes meanwhile."""

log = logging.getLogger(__name__)


class LockedError(NmtError):
    """Another process writes into the folder; names the process, its machine and since when."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; the folder is made if it does not exist.

    The lock belongs to the open file (flock), so it ends with its process. The file that remains
    only names the last holder.

    Raises:
        LockedError: if another process holds it.
        NmtError: if the folder is a link, the lock file anything but a file with one name, or
            either cannot be written.
    """
    path = folder / NAME
    try:
        handle = _open_in(folder)
    except BlockingIOError:
        raise LockedError(f"{folder} is being written by {_read_holder(path)}") from None
    except OSError as error:
        raise NmtError(f"{path} cannot be written: {error.strerror or error}") from error
    try:
        _write_holder(handle)
        yield
    finally:
        os.close(handle)


@contextmanager
def transient(folder: Path) -> Iterator[None]:
    """Hold a folder's lock as `locked` does, and remove its file at the end.

    Raises:
        LockedError: if another process holds it.
        NmtError: if the folder or the lock file cannot be written.
    """
    with locked(folder):
        try:
            yield
        finally:
            (folder / NAME).unlink(missing_ok=True)


@contextmanager
def open_exclusive(path: Path) -> Iterator[BinaryIO]:
    """Open a new file for writing by this process alone, in place of what a killed process left.

    Raises:
        LockedError: if another process is writing it.
        OSError: if it cannot be written.
    """
    try:
        handle = _open_new(path)
    except BlockingIOError:
        raise LockedError(f"{path} is being written by another process") from None
    with os.fdopen(handle, "wb") as file:
        yield file


def _open_new(path: Path) -> int:
    """Create and lock a file; one that no process holds, or that is no file, is removed first."""
    while True:
        try:
            return _open_locked(path, os.O_EXCL)
        except FileExistsError:
            with suppress(FileNotFoundError):
                _remove_abandoned(path)


def _remove_abandoned(path: Path) -> None:
    """Remove a file that no process holds, or what is no regular file.

    Raises:
        BlockingIOError: if another process holds it.
        OSError: if it cannot be removed.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        path.unlink()
        return
    handle = _open_locked(path)
    try:
        path.unlink()
    finally:
        os.close(handle)


def _open_in(folder: Path) -> int:
    for _ in range(MAX_TRIES):
        # The previous holder may remove the folder between any two of these calls.
        with suppress(FileNotFoundError, FileExistsError):
            return _open_checked(folder)
    return _open_checked(folder)


def _open_checked(folder: Path) -> int:
    path = folder / NAME
    for own in (folder, path):
        atomic_files.check_own(own)
    folder.mkdir(parents=True, exist_ok=True)
    return _open_locked(path)


def _open_locked(path: Path, flags: int = 0) -> int:
    """Open and lock a file; again if the previous holder renamed or removed it meanwhile.

    Raises:
        BlockingIOError: if another process holds it.
        FileExistsError: with O_EXCL as a flag, if it exists.
        OSError: if it cannot be written.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | atomic_files.NO_FOLLOW | flags, 0o666)
        try:
            if not _try_lock(handle):
                raise BlockingIOError
            if _is_at(handle, path):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _write_holder(handle: int) -> None:
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    with suppress(OSError):  # On a full disk the lock holds without its holder's name.
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()} since {now}\n".encode())


def _try_lock(handle: int) -> bool:
    if sys.platform == "win32":
        log.warning("this system has no flock; make sure that only one process writes the folder")
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # of a file system without locks
        log.warning("%s: make sure that only one process writes the folder", error.strerror)
    return True


def _read_holder(path: Path) -> str:
    # The holder may have removed it just now.
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        if holder := file.readline(MAX_HOLDER).strip():
            return holder
    return "another process"
