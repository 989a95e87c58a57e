"""A folder whose files are summed once they are all written, so that damage is seen and named."""

import errno
import logging
import time
from pathlib import Path

from nmt.runtime import checksums, cpus
from nmt.runtime.errors import DamagedError, NmtError

SECONDS = 1.0
"""A check that takes longer is told of."""

log = logging.getLogger(__name__)


def close(folder: Path) -> None:
    """Write the sums of all files of a complete folder.

    Raises:
        NmtError: if they cannot be written.
        OSError: if a file cannot be read.
    """
    paths = sorted(folder.iterdir())
    found = cpus.on_all(checksums.sha256_of, paths)
    checksums.record(folder, {path.name: [one] for path, one in zip(paths, found, strict=True)})


def check(folder: Path) -> None:
    """Compare all files with their sums; hidden ones, as some systems make them, are passed over.

    A folder without sums is one of an older version, and is said to be unchecked.

    Raises:
        DamagedError: names a file that is altered, missing, or was not there.
        NmtError: if a file is there but may not be read.
    """
    start = time.monotonic()
    there = _there(folder)
    if checksums.NAME not in there:
        log.info("%s has no %s: an older version made it; unchecked", folder, checksums.NAME)
        return
    try:
        files = checksums.stored(folder)
    except OSError as error:
        raise _unreadable(folder / checksums.NAME, folder, error) from error
    if not files:
        raise DamagedError(f"{folder / checksums.NAME} does not hold sums", folder)
    for name in sorted(there - {checksums.NAME, *files}):
        raise DamagedError(f"{folder / name} does not belong there (by {checksums.NAME})", folder)
    cpus.on_all(lambda name: _check(folder / name, folder, files[name]), list(files))
    taken = time.monotonic() - start
    if taken > SECONDS:
        log.info("checked the sums of %s in %.1f seconds", folder, taken)


def _there(folder: Path) -> set[str]:
    """Name the files; what is none, a pipe for example, might be read without an end."""
    try:
        paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
        strange = [path for path in paths if not path.is_file()]
    except OSError as error:
        raise _unreadable(folder, folder, error) from error
    for path in strange:
        raise DamagedError(f"{path} is no file", folder)
    return {path.name for path in paths}


def _check(path: Path, folder: Path, expected: list[str]) -> None:
    try:
        found = checksums.sha256_of(path)
    except FileNotFoundError as error:
        raise DamagedError(f"{path} is missing (by {checksums.NAME})", folder) from error
    except OSError as error:
        raise _unreadable(path, folder, error) from error
    if found not in expected:
        raise DamagedError(f"{path} is not what was written (by {checksums.NAME})", folder)


def _unreadable(path: Path, folder: Path, error: OSError) -> NmtError:
    """Tell a broken disk, which another copy mends, from what is only forbidden."""
    said = f"{path} cannot be read: {error.strerror or error}"
    return DamagedError(said, folder) if error.errno == errno.EIO else NmtError(said)
