"""Atomic writes: under a file's name stands the old content or the new one, never a part of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nmt.runtime.errors import NmtError

RESERVE = 1 << 20
"""Bytes that stay free for the small files written beside a large one."""


def write(path: Path, data: bytes) -> None:
    """Write a temporary file, flush it to the disk, and rename it to `path`; make its folder.

    Raises:
        NmtError: if it cannot be written; the old file is then unchanged.
    """
    temporary = path.with_name(f".{path.name}.part")
    with discard_on_error(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        check_space(path, len(data))
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        replace(temporary, path)


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
