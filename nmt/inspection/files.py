"""Safe reading of untrusted files: nothing is read that could block, or exhaust memory."""

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from nmt.runtime.errors import ModelError
from nmt.runtime.regular_files import open_regular

TRAINED, EXPORTED = "model.safetensors", "step.onnx"
"""The files that identify folders of trained and of exported models."""

MAX_RECORDS = 1 << 29
"""Bytes of the records of a training: more than a million."""

MAX_QUOTE = 100  # characters of an untrusted value in a message


def size(path: Path, max_bytes: int) -> int:
    """Return the size of a regular file, in bytes.

    Raises:
        ModelError: if it is missing, a link, a device, a pipe, or larger than `max_bytes`.
    """
    try:
        status = path.lstat()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if stat.S_ISLNK(status.st_mode):
        raise ModelError(
            f"{path} is a symbolic link, which a model may not contain; replace it by the file"
        )
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(f"{path} is not a regular file; copy the model's folder again")
    if status.st_size > max_bytes:
        raise ModelError(f"{path} has {status.st_size} bytes; expected at most {max_bytes}")
    return status.st_size


def read(path: Path, max_bytes: int) -> bytes:
    """Read a regular file whole.

    Raises:
        ModelError: as `size`, or if it cannot be read.
    """
    expected = size(path, max_bytes)
    try:
        with open_regular(path) as file:
            return file.read(expected)  # Python allocates as much before it reads.
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def read_json(path: Path, max_bytes: int) -> Any:
    """Read a regular file of JSON.

    Raises:
        ModelError: as `read`, or if it is no JSON in UTF-8.
    """
    return parse_json(read(path, max_bytes), str(path))


def parse_json(data: bytes, where: str) -> Any:
    """Parse JSON that may be anything.

    Args:
        data: its bytes.
        where: file, and line if there are several, for messages.

    Raises:
        ModelError: if it is no JSON in UTF-8, or is nested too deeply.
    """
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where} is not JSON: {' '.join(str(error).split())}") from error


def read_lines(path: Path) -> list[bytes]:
    """Read the lines of a regular file, or of one that a link leads to, without their ends.

    Raises:
        OSError: if it cannot be read, or is no regular file.
        ModelError: if it is larger than records of a training are.
    """
    with open_regular(path) as file:
        length = os.fstat(file.fileno()).st_size
        if length > MAX_RECORDS:
            raise ModelError(f"{path} has {length} bytes; expected at most {MAX_RECORDS}")
        return file.read().split(b"\n")


def exists(path: Path) -> bool:
    """Return whether there is anything of that name, even a broken link.

    Raises:
        ModelError: if its folder may not be searched, or it cannot be a name.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    return True


def memory() -> int:
    """Return the bytes of this machine's memory; more than any has where the system has no API."""
    if sys.platform == "win32":
        return 1 << 50
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def quote(value: object) -> str:
    """Format an untrusted value for a message: on one line, escaped and shortened."""
    try:
        text = repr(value)
    except ValueError:  # Python formats no integers of more than 4,300 digits.
        text = "a number of too many digits"
    return text if len(text) <= MAX_QUOTE else f"{text[:MAX_QUOTE]}…"
