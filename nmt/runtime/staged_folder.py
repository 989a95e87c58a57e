"""Folders that are filled elsewhere first, so that they exist complete or not at all.

The folder `a` is staged in the hidden folder `.a.unfinished` beside it, under the lock of the
process that fills it. What a killed process leaves is removed by the next one.
"""

import ctypes
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nmt.runtime import atomic_files, locks
from nmt.runtime.errors import NmtError

SUFFIX = ".unfinished"
CONTENT = "new"
PREVIOUS = "old"
RENAME_EXCHANGE = 2  # of Linux's renameat2, with AT_FDCWD for both folders
AT_FDCWD = -100
POLL_SECONDS = 0.2

log = logging.getLogger(__name__)


def remove_abandoned(root: Path) -> None:
    """Delete the staging folders below `root` that no process holds, as far as possible."""
    for staging in root.glob(f".*-*{SUFFIX}"):
        with suppress(NmtError, OSError), locks.transient(staging):
            _remove(staging / CONTENT)
        with suppress(OSError):
            staging.rmdir()


def build(folder: Path, needed: int, fill: Callable[[Path], None]) -> None:
    """Make a folder, or wait until another process has made it.

    Args:
        folder: to be made; so is its parent.
        needed: bytes it will have, as far as they are known.
        fill: writes files into the empty folder that it receives.

    Raises:
        NmtError: if `fill` raises it, the disk is too small, or the folder cannot be written.
    """
    atomic_files.make_folder(folder.parent, "prepared")
    staging = folder.with_name(f".{folder.name}{SUFFIX}")
    reported = False
    while not folder.exists():
        try:
            with locks.transient(staging):
                if not folder.exists():
                    with _filled(staging / CONTENT, folder, needed, fill, "prepared") as content:
                        atomic_files.replace(content, folder)
        except locks.LockedError as error:
            if not reported:
                log.info("%s; waiting for it", error)
            reported = True
            time.sleep(POLL_SECONDS)
        finally:
            with suppress(OSError):
                staging.rmdir()


def replace(folder: Path, needed: int, fill: Callable[[Path], None], key: str) -> None:
    """Make a folder that takes the place of an older one in one step, once it is complete.

    Args:
        folder: may exist; so does its parent.
        needed: bytes it will have.
        fill: writes files into the empty folder that it receives.
        key: of the configuration, by which the user names another folder.

    Raises:
        LockedError: if another process makes it.
        NmtError: if `fill` raises it, the disk is too small, or the folder cannot be written; the
            older one is then unchanged.
    """
    staging = folder.with_name(f".{folder.name}{SUFFIX}")
    previous = staging / PREVIOUS
    try:
        with locks.transient(staging):
            if previous.exists() and not folder.exists():  # A process was killed in `_exchange`.
                atomic_files.replace(previous, folder)
            with _filled(staging / CONTENT, folder, needed, fill, key) as content:
                if folder.exists():
                    _exchange(content, folder, previous)
                else:
                    content.rename(folder)
                atomic_files.flush(folder.parent)
            _remove(previous)
    finally:
        with suppress(OSError):
            staging.rmdir()


def _exchange(content: Path, folder: Path, previous: Path) -> None:
    """Exchange two folders: in one step on Linux, else by way of a third name.

    Raises:
        OSError: if that fails; both are then where they were.
    """
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    names = os.fsencode(content), os.fsencode(folder)
    if rename and rename(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
        return
    _remove(previous)
    folder.rename(previous)
    try:
        content.rename(folder)
    except BaseException:
        previous.rename(folder)
        raise


@contextmanager
def _filled(
    content: Path, folder: Path, needed: int, fill: Callable[[Path], None], key: str
) -> Iterator[Path]:
    try:
        _remove(content)
        atomic_files.check_space(folder, needed)
        content.mkdir()
        fill(content)
        for path in (*content.iterdir(), content):
            atomic_files.flush(path)
        yield content
    except OSError as error:
        # An error of pyarrow has only a text, which includes the system's reason.
        reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split())
        raise NmtError(
            f"{folder} cannot be written: {reason}; free some space, or choose another with {key}=…"
        ) from error
    finally:
        _remove(content)


def _remove(path: Path) -> None:
    """Delete a folder as far as possible, and of a link only the link."""
    if path.is_symlink():
        path.unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)
