"""Folders that are filled elsewhere first, so that they exist complete or not at all.

The folder `a` is staged in the hidden folder `.a.unfinished` beside it, under the lock of the
process that fills it. What a killed process leaves is removed by the next one.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nmt.runtime import atomic_files, locks
from nmt.runtime.errors import NmtError

SUFFIX = ".unfinished"
CONTENT = "new"
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
                    _build(staging / CONTENT, folder, needed, fill)
        except locks.LockedError as error:
            if not reported:
                log.info("%s; waiting for it", error)
            reported = True
            time.sleep(POLL_SECONDS)
        finally:
            with suppress(OSError):
                staging.rmdir()


def _build(content: Path, folder: Path, needed: int, fill: Callable[[Path], None]) -> None:
    try:
        _remove(content)
        atomic_files.check_space(folder, needed)
        content.mkdir()
        fill(content)
        for path in (*content.iterdir(), content):
            atomic_files.flush(path)
        atomic_files.replace(content, folder)
    except OSError as error:
        # An error of pyarrow has only a text, which includes the system's reason.
        reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split())
        raise NmtError(
            f"{folder} cannot be written: {reason}; free some space, or choose another with"
            " prepared=…"
        ) from error
    finally:
        _remove(content)


def _remove(path: Path) -> None:
    """Delete a folder as far as possible, and of a link only the link."""
    if path.is_symlink():
        path.unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)
