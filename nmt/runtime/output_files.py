"""Files that the user names, such as output=FILE: the one way in which all commands write them.

A regular file appears under its name when it is complete, and an older one is kept until then. A
link stays, and the file that it names is written. What is no regular file, as a device, a pipe or
an open descriptor (/dev/stdout), is written into and never replaced.
"""

import logging
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nmt.runtime import atomic_files, locks
from nmt.runtime.errors import NmtError

STANDARD_OUTPUT = "standard output"
DESCRIPTORS = ("/dev/fd", "/proc/self/fd")
MAX_LINKS = 40  # that are followed, as by Linux

log = logging.getLogger(__name__)


def write(path: Path, data: bytes) -> None:
    """Write a file whole; its folder is made if it is missing.

    Raises:
        LockedError: if another process writes the same file.
        NmtError: if it cannot be written; an older regular file is then unchanged.
    """
    with _reported(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not is_irregular(path):
            atomic_files.check_space(Path(os.path.realpath(path)), len(data))
    with open_output(str(path)) as file:
        file.write(data)


@contextmanager
def open_output(name: str | None) -> Iterator[BinaryIO]:
    """Open a file or standard output for writing.

    Args:
        name: of the file, or None for standard output.

    Raises:
        LockedError: if another process writes the same file.
        NmtError: if it cannot be written.
    """
    if name is None:
        with _reported(STANDARD_OUTPUT), _discarded_if_full():
            yield sys.stdout.buffer
            sys.stdout.flush()
        return
    path = Path(name)
    with _reported(name):
        if is_irregular(path):
            with os.fdopen(_open_irregular(path), "wb") as file:
                yield file
        else:
            with _temporary(Path(os.path.realpath(path))) as file:
                yield file


def print_text(text: str) -> None:
    """Write text to standard output at once, the one way in which all commands print.

    A character that the encoding of the stream lacks is written as its escape, such as \\xe4.

    Raises:
        NmtError: if it cannot be written, as on a full disk.
        BrokenPipeError: if its reader has closed it.
    """
    stream = sys.stdout
    with _reported(STANDARD_OUTPUT), _discarded_if_full():
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


def is_irregular(path: Path) -> bool:
    """Return whether there is a device, a pipe or the like, which must not be replaced.

    Raises:
        OSError: if that cannot be known.
    """
    if _descriptor(path) is not None:
        return True
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def _open_irregular(path: Path) -> int:
    descriptor = _descriptor(path)
    if descriptor is not None:
        # Opening a file by the name of its descriptor would erase what is already written to it.
        sys.stdout.flush()
        return os.dup(descriptor)
    if path.is_fifo():
        log.info("%s is a pipe, which is written once another process reads it", path)
    return os.open(path, os.O_WRONLY)


def _descriptor(path: Path) -> int | None:
    """Return the descriptor that a name such as /dev/stdout means, or a link to it."""
    folders = {os.path.realpath(folder) for folder in DESCRIPTORS}
    for _ in range(MAX_LINKS):
        if path.name.isdecimal() and os.path.realpath(path.parent) in folders:
            return int(path.name)
        if not path.is_symlink():
            break
        path = path.parent / path.readlink()
    return None


@contextmanager
def _temporary(path: Path) -> Iterator[BinaryIO]:
    temporary = atomic_files.temporary_name(path)
    with locks.open_exclusive(temporary) as file:
        try:
            with suppress(FileNotFoundError):  # A file that only its owner reads stays so.
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
            atomic_files.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def _reported(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NmtError(f"{name} cannot be written: {error.strerror or error}") from error


@contextmanager
def _discarded_if_full() -> Iterator[None]:
    """Discard what standard output still buffers after an error, or exiting writes it again."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        with suppress(OSError), Path(os.devnull).open("wb") as null:
            os.dup2(null.fileno(), sys.stdout.fileno())
        raise
