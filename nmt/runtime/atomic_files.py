"""Atomic writes: under a file's name stands the old content or the new one, never a part of it."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nmt.runtime.errors import NmtError

NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
"""Of os.open: a link is an error. Windows has no such option."""

RESERVE = 1 << 20
"""Bytes that stay free for the small files written beside a large one."""


def write(path: Path, data: bytes) -> None:
    """Write a temporary file, flush it to the disk, and rename it to `path`; make its folder.

    For files of the program's own folders: whatever else has that name, as a link, is replaced.
    What the user names is written by `output_files`.

    Raises:
        NmtError: if it cannot be written; the old file is then unchanged.
    """
    temporary = temporary_name(path)
    with discard_on_error(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        check_space(path, len(data))
        with create(temporary) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        replace(temporary, path)


def temporary_name(path: Path) -> Path:
    """Return the fixed name of a file until it is complete; a kill leaves at most this one."""
    return path.with_name(f".{path.name}.part")


def create(path: Path) -> BinaryIO:
    """Open a new file for writing in place of whatever has its name; links are never followed.

    Raises:
        OSError: if what is there cannot be removed, or the file cannot be created.
    """
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o666), "wb")


def check_own(path: Path) -> None:
    """Check a file or folder that the program writes into under a name that it chose itself.

    Written through a link, a pipe or the second name of a file, it would change another one.

    Raises:
        NmtError: if it is neither a folder, nor a file with one name, nor missing.
    """
    try:
        status = path.lstat()
    except OSError:  # Missing, or whatever opening it will report.
        return
    if stat.S_ISDIR(status.st_mode) or (stat.S_ISREG(status.st_mode) and status.st_nlink == 1):
        return
    raise NmtError(
        f"{path} is a link, a pipe, a device or a second name of a file; a file or folder of its"
        " own is expected there, or nothing: move it elsewhere"
    )


def make_folder(folder: Path, key: str) -> None:
    """Make a writable folder with its parents, before the work rather than after it.

    Args:
        folder: may exist.
        key: of the configuration, by which the user names another folder.

    Raises:
        NmtError: if it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NmtError(f"the folder {folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise NmtError(f"the folder {folder} is not writable; choose another with {key}=…")


def replace(temporary: Path, path: Path) -> None:
    """Rename a flushed file or folder, and flush the parent, so that a power cut undoes nothing.

    Raises:
        OSError: if that fails.
    """
    temporary.replace(path)
    flush(path.parent)


def flush(path: Path) -> None:
    """Flush a file or a folder's entries to the disk.

    Raises:
        OSError: if that fails.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_space(path: Path, size: int) -> None:
    """Check that the disk has enough free space before it is filled.

    Args:
        path: to be written; its folder exists.
        size: in bytes.

    Raises:
        NmtError: if less is free.
    """
    disk = os.statvfs(path.parent)
    free = disk.f_bavail * disk.f_frsize
    if free < size + RESERVE:
        raise NmtError(
            f"{path} needs {size / 1e6:.1f} MB, and its disk has {free / 1e6:.1f} MB left; "
            "free some space, then run the same command again; what was there before is kept"
        )


@contextmanager
def discard_on_error(path: Path, temporary: Path) -> Iterator[None]:
    """Delete the temporary file of a failed write, and report the reason in one line.

    Raises:
        NmtError: instead of an OSError.
    """
    try:
        yield
    except BaseException as error:
        with suppress(OSError):  # The first error is the one to report.
            temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise NmtError(
            f"{path} cannot be written: {error.strerror or error}; what was there before is kept"
        ) from error
