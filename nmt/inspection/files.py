"""Files that a stranger may have made: none is read that could hang, or fill the memory."""

import os
import stat
import sys
from pathlib import Path

from nmt.runtime.errors import ModelError

TRAINED, EXPORTED = "model.safetensors", "step.onnx"
"""The files by which folders of trained and of exported models are known."""

CUT = 100  # characters of a stranger's word that a message shows


def size(path: Path, most: int) -> int:
    """Give the bytes of a regular file.

    Args:
        path: a file of a model.
        most: the bytes that such a file may have.

    Raises:
        ModelError: if it is missing, a link, a device, a pipe, or larger; names it.
    """
    try:
        found = path.lstat()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if stat.S_ISLNK(found.st_mode):
        raise ModelError(
            f"{path} is a symbolic link, which a model may not hold; copy the file into its place"
        )
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{path} is no regular file; copy the model's folder again")
    if found.st_size > most:
        raise ModelError(
            f"{path} has {found.st_size} bytes; expected at most {most}, it is no model's"
        )
    return found.st_size


def read(path: Path, most: int) -> bytes:
    """Read a regular file whole.

    Raises:
        ModelError: what `size` raises, or if it cannot be read.
    """
    size(path, most)
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def exists(path: Path) -> bool:
    """Tell whether there is anything of that name, be it a link to nowhere."""
    return os.path.lexists(path)


def memory() -> int:
    """Give the bytes of memory that this machine has; where it does not say, more than any has."""
    if sys.platform == "win32":
        return 1 << 50
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def shown(value: object) -> str:
    """Give a stranger's word for a message: on one line, escaped, and not longer than others."""
    text = repr(value)
    return text if len(text) <= CUT else f"{text[:CUT]}…"
