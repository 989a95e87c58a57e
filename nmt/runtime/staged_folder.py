"""Where a folder is made before it stands complete under its name.

The workshop of `a` is the hidden folder `.a.unfinished` beside it, and holds the lock of the
process that works there: of a killed one only the folder stays, which the next one clears.
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
BENCH = "new"
POLL_SECONDS = 0.2

log = logging.getLogger(__name__)


def clear(root: Path) -> None:
    """Delete the workshops below `root` that nobody works in; what cannot be deleted stays."""
    for workshop in root.glob(f".*-*{SUFFIX}"):
        with suppress(NmtError, OSError), locks.passing(workshop):
            shutil.rmtree(workshop / BENCH, ignore_errors=True)
        with suppress(OSError):
            workshop.rmdir()


def make(folder: Path, needed: int, fill: Callable[[Path], None]) -> None:
    """Fill a folder that stands under its name once it is complete, or not at all.

    Where another process makes the same, wait for it; then there is nothing to do.

    Args:
        folder: the name under which it is to stand; its parent is made.
        needed: bytes it will have, as far as they are known.
        fill: is given an empty folder.

    Raises:
        NmtError: what `fill` raises, or if there is no room, or it cannot be written.
    """
    atomic_files.make(folder.parent, "prepared")
    workshop = folder.with_name(f".{folder.name}{SUFFIX}")
    told = False
    while not folder.exists():
        try:
            with locks.passing(workshop):
                if not folder.exists():
                    _make(workshop, folder, needed, fill)
        except locks.LockedError as other:
            if not told:
                log.info("%s; waiting for it", other)
            told = True
            time.sleep(POLL_SECONDS)
        finally:
            with suppress(OSError):
                workshop.rmdir()


def _make(workshop: Path, folder: Path, needed: int, fill: Callable[[Path], None]) -> None:
    bench = workshop / BENCH
    try:
        shutil.rmtree(bench, ignore_errors=True)
        atomic_files.check_space(folder, needed)
        bench.mkdir()
        fill(bench)
        _flush(bench)
        atomic_files.put(bench, folder)
    except OSError as error:
        # What comes from elsewhere has only a text, in which the system's words stand too.
        reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split())
        raise NmtError(
            f"{folder} cannot be written: {reason}; make room, or give another with prepared=…"
        ) from error
    finally:
        shutil.rmtree(bench, ignore_errors=True)


def _flush(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
