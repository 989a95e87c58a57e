"""Text in and text out: standard streams, files, and the starter corpus.

Lines end with a line feed and with nothing else; a carriage return before it goes with it, the
last line need not end, and a byte order mark at the start is not text. A line has an end: what
goes on for more than MAX_BYTES without one is no text, and is not held in memory to see.
"""

import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nmt.data.text.invalid_text.invalid_text import InvalidText
from nmt.runtime import atomic_files, locks
from nmt.runtime.errors import CorpusError, NmtError
from nmt.runtime.log_messages import RateLimitedWarning
from nmt.runtime.package_files import folder

STARTER = "starter:"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_BYTES = 1 << 24  # of a line
NOTICES = 3  # lines that are named in the log before they are only counted
STANDARD_INPUT = "standard input"
STANDARD_OUTPUT = "standard output"


def read(name: str | None, suffix: str, invalid_text: InvalidText) -> Iterator[str]:
    """Give the lines of a file one by one; memory holds one of them.

    Args:
        name: a file (in `.gz` unpacked on the fly), `starter:test` for a file of the starter
            corpus, or None for standard input.
        suffix: which side of the starter corpus, as in `.de`.
        invalid_text: what becomes of lines that are not UTF-8.

    Raises:
        CorpusError: if it is missing or cannot be read, or has a line that is refused.
    """
    shown = STANDARD_INPUT if name is None else name
    notice = RateLimitedWarning(f"lines of {shown} were not UTF-8", NOTICES)
    try:
        with _open(name, suffix) as file:
            start = BYTE_ORDER_MARK
            for number, line in enumerate(_lines(file.readline, shown), start=1):
                line = line.removeprefix(start).removesuffix(b"\n").removesuffix(b"\r")
                start = b""
                try:
                    text = line.decode("utf-8")
                except UnicodeDecodeError as error:
                    text = invalid_text(line, _found(error, f"{shown}:{number}"), notice)
                yield text
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(f"{shown} is broken: {error}; a name in .gz means gzip") from error
    except OSError as error:
        raise CorpusError(f"{shown} cannot be read: {error.strerror or error}") from error
    notice.close()


@contextmanager
def _open(name: str | None, suffix: str) -> Iterator[BinaryIO]:
    if name is None:
        yield sys.stdin.buffer
        return
    path = _starter(name, suffix) if name.startswith(STARTER) else Path(name)
    if path.name.endswith(".gz"):
        with gzip.open(path, "rb") as unpacked:
            yield unpacked  # type: ignore[misc]
    else:
        with path.open("rb") as file:
            yield file


def _starter(name: str, suffix: str) -> Path:
    root = folder("data/starter")
    path = root / (name.removeprefix(STARTER) + suffix)
    if not path.is_file():
        known = ", ".join(STARTER + file.stem for file in sorted(root.glob(f"*{suffix}")))
        raise CorpusError(f"{name}: there is no such file; expected one of {known}")
    return path


def _lines(readline: Callable[[int], bytes], name: str) -> Iterator[bytes]:
    number = 0
    while line := readline(MAX_BYTES + 1):
        number += 1
        if len(line) > MAX_BYTES:
            raise CorpusError(
                f"{name}:{number} has more than {MAX_BYTES} bytes without a line feed;"
                " this is not text in lines"
            )
        yield line


def _found(error: UnicodeDecodeError, place: str) -> str:
    return f"{place}: byte 0x{error.object[error.start]:02x} at {error.start + 1} is not UTF-8"


@contextmanager
def writing(name: str | None) -> Iterator[BinaryIO]:
    """Open what text is written to.

    A file appears under its name when all is written, or not at all; what was there before stays
    until then. A device or a pipe is written to directly.

    Args:
        name: a file, or None for standard output.

    Raises:
        LockedError: if another process writes the same file.
        NmtError: if it cannot be written.
    """
    if name is None:
        with _explained(STANDARD_OUTPUT), _given_up_if_full():
            yield sys.stdout.buffer
            sys.stdout.flush()
        return
    path = Path(name).resolve()
    with _explained(name):
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
        else:
            with _beside(path) as file:
                yield file


@contextmanager
def _beside(path: Path) -> Iterator[BinaryIO]:
    # The name is always the same, so that what a killed process left is written over.
    part = path.with_name(f".{path.name}.part")
    with locks.open_exclusive(part) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            atomic_files.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NmtError(f"{name} cannot be written: {error.strerror or error}") from error


@contextmanager
def _given_up_if_full() -> Iterator[None]:
    """Let go of what is still held for standard output, or it is tried again at the very end."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        with suppress(OSError), Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
        raise
