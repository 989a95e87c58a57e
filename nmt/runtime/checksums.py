"""The file SHA256SUMS of a folder, by which damage to its files is detected and named.

It has the format of coreutils, so `sha256sum -c SHA256SUMS` verifies the folder too.
"""

import errno
import hashlib
import logging
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from nmt.runtime import atomic_files, cpus
from nmt.runtime.errors import DamagedError, NmtError
from nmt.runtime.regular_files import open_regular

NAME = "SHA256SUMS"
MAX_BYTES = 1 << 24  # of the file itself; more lines than any folder has files
LINE = re.compile(r"([0-9a-f]{64})  ([^/\n\0]+)")

SLOW_SECONDS = 1.0
"""A verification that takes longer is logged."""

log = logging.getLogger(__name__)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits.

    Raises:
        OSError: if it cannot be read, or is no regular file.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(folder: Path, files: Mapping[str, Sequence[str]]) -> None:
    """Write SHA256SUMS.

    Args:
        folder: that holds the files.
        files: the checksum of each name; several while the file is being replaced, any of which
            is valid.

    Raises:
        NmtError: if it cannot be written.
    """
    lines = [f"{value}  {name}\n" for name, values in files.items() for value in values]
    atomic_files.write(folder / NAME, "".join(lines).encode())


def read(folder: Path) -> dict[str, list[str]]:
    """Read what `write` wrote; return nothing if a line has another format.

    Raises:
        OSError: if it cannot be read.
    """
    files: dict[str, list[str]] = {}
    with open_regular(folder / NAME) as file:
        text = file.read(MAX_BYTES).decode("utf-8", errors="replace")
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        if match is None:
            return {}
        files.setdefault(match[2], []).append(match[1])
    return files


def altered(folder: Path, files: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of the files that are missing or have none of their checksums.

    Raises:
        NmtError: if a file may not be read, which does not mean that it was altered.
    """
    return [name for name, values in files.items() if _readable_sha256(folder / name) not in values]


def _readable_sha256(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except PermissionError as error:
        raise NmtError(f"{path} cannot be read: {error.strerror}") from error
    except OSError:
        return None


def write_all(folder: Path) -> None:
    """Write the checksums of all files of a complete folder.

    Raises:
        NmtError: if they cannot be written.
        OSError: if a file cannot be read.
    """
    paths = [path for path in sorted(folder.iterdir()) if path.name != NAME]
    values = cpus.map_in_threads(sha256_of, paths)
    write(folder, {path.name: [value] for path, value in zip(paths, values, strict=True)})


def verify(folder: Path) -> None:
    """Compare all files of a folder with `write_all`'s checksums, except hidden ones.

    Raises:
        DamagedError: if a file is altered, missing, or not listed.
        NmtError: if a file may not be read.
    """
    start = time.monotonic()
    names = _names(folder)
    if NAME not in names:
        raise DamagedError(f"{folder / NAME} is missing", folder)
    try:
        files = read(folder)
    except OSError as error:
        raise _unreadable(folder / NAME, folder, error) from error
    if not files:
        raise DamagedError(f"{folder / NAME} does not hold checksums", folder)
    for name in sorted(names - {NAME, *files}):
        raise DamagedError(f"{folder / name} does not belong there (by {NAME})", folder)
    cpus.map_in_threads(lambda name: _verify_file(folder / name, folder, files[name]), list(files))
    seconds = time.monotonic() - start
    if seconds > SLOW_SECONDS:
        log.info("verified the checksums of %s in %.1f seconds", folder, seconds)


def _names(folder: Path) -> set[str]:
    """Name the files; a pipe could be read without end, and a link leads to another's file."""
    try:
        paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
        links = [path for path in paths if path.is_symlink()]
        irregular = [path for path in paths if not path.is_file()]
    except OSError as error:
        raise _unreadable(folder, folder, error) from error
    for path in links:
        raise DamagedError(f"{path} is a symbolic link", folder)
    for path in irregular:
        raise DamagedError(f"{path} is no file", folder)
    return {path.name for path in paths}


def _verify_file(path: Path, folder: Path, expected: Sequence[str]) -> None:
    try:
        value = sha256_of(path)
    except FileNotFoundError as error:
        raise DamagedError(f"{path} is missing (by {NAME})", folder) from error
    except OSError as error:
        raise _unreadable(path, folder, error) from error
    if value not in expected:
        raise DamagedError(f"{path} is not what was written (by {NAME})", folder)


def _unreadable(path: Path, folder: Path, error: OSError) -> NmtError:
    """Distinguish a broken disk, where making the folder again helps, from missing permission."""
    message = f"{path} cannot be read: {error.strerror or error}"
    return DamagedError(message, folder) if error.errno == errno.EIO else NmtError(message)
