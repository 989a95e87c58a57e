"""Lines of text from standard input and files, and from the starter corpus.

Lines end with a line feed and nothing else; a carriage return before it is dropped, the last line
need not end, and a byte order mark at the start is not text. A line of more than MAX_BYTES is
rejected before it fills the memory.
"""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from nmt.data.text.invalid_text.invalid_text import InvalidText
from nmt.runtime.errors import CorpusError
from nmt.runtime.log_messages import RateLimitedWarning
from nmt.runtime.package_files import STARTER, folder

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_BYTES = 1 << 24  # of a line
MAX_WARNINGS = 3  # lines logged one by one before the others are only counted
STANDARD_INPUT = "standard input"


def read(name: str | None, suffix: str, invalid_text: InvalidText) -> Iterator[str]:
    """Yield the lines of a file; one of them is in memory.

    Args:
        name: a file (unpacked if it ends in `.gz`), `starter:test` for a file of the starter
            corpus, or None for standard input.
        suffix: of the starter corpus's file, as in `.de`.
        invalid_text: handles lines that are not UTF-8.

    Raises:
        CorpusError: if the file is missing, unreadable or not text in lines, or from
            `invalid_text`.
    """
    shown = STANDARD_INPUT if name is None else name
    warning = RateLimitedWarning(f"lines of {shown} were not UTF-8", MAX_WARNINGS)
    try:
        with _open(name, suffix) as file:
            mark = BYTE_ORDER_MARK
            for number, line in enumerate(_lines(file.readline, shown), start=1):
                line = line.removeprefix(mark).removesuffix(b"\n").removesuffix(b"\r")
                mark = b""
                try:
                    text = line.decode("utf-8")
                except UnicodeDecodeError as error:
                    text = invalid_text(line, _message(error, f"{shown}:{number}"), warning)
                yield text
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(f"{shown} is broken: {error}; a name in .gz means gzip") from error
    except OSError as error:
        raise CorpusError(f"{shown} cannot be read: {error.strerror or error}") from error
    warning.close()


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
        raise CorpusError(f"{name} does not exist; expected one of {known}")
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


def _message(error: UnicodeDecodeError, location: str) -> str:
    return f"{location}: byte 0x{error.object[error.start]:02x} at {error.start + 1} is not UTF-8"
