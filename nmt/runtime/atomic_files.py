"""Files that are the old one or the new one, and never a part of either."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nmt.runtime.errors import NmtError

SPARE = 1 << 20
"""Bytes that stay free for the small files written beside a large one."""


def write(path: Path, data: bytes) -> None:
    """Write a file beside, flush it to the disk, and rename it over `path`; make its folder.

    Raises:
        NmtError: if it cannot be written; what was there before is as it was.
    """
    beside = path.with_name(f".{path.name}.part")
    with explained(path, beside):
        path.parent.mkdir(parents=True, exist_ok=True)
        check_space(path, len(data))
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        put(beside, path)


def make(folder: Path, key: str) -> None:
    """Make a folder that files can be written into, before the work rather than after it.

    Args:
        folder: its parents are made too.
        key: by which the user names another.

    Raises:
        NmtError: if it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NmtError(f"the folder {folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise NmtError(f"the folder {folder} is not writable; give another with {key}=…")


def put(beside: Path, path: Path) -> None:
    """Rename a file that is flushed, and flush the folder, so that a power cut undoes nothing.

    Raises:
        OSError: if it cannot be done.
    """
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_space(path: Path, size: int) -> None:
    """Look for room before writing rather than after filling the disk.

    Args:
        path: what is to be written; its folder is there.
        size: in bytes.

    Raises:
        NmtError: if less is free.
    """
    disk = os.statvfs(path.parent)
    free = disk.f_bavail * disk.f_frsize
    if free < size + SPARE:
        raise NmtError(
            f"{path} needs {size / 1e6:.1f} MB, and its disk has {free / 1e6:.1f} MB left; "
            "make room, then give the same command again; what was there before is kept"
        )


@contextmanager
def explained(path: Path, beside: Path) -> Iterator[None]:
    """Take back what is half written, and say in one line why.

    Raises:
        NmtError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        _forget(beside)
        raise NmtError(
            f"{path} cannot be written: {error.strerror or error}; what was there before is kept"
        ) from error
    except BaseException:
        _forget(beside)
        raise


def _forget(path: Path) -> None:
    # Where even this fails, the reason that is on its way says more.
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
