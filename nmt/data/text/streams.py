"""Lines of text from standard input and files, and from the starter corpus.

`text_files` opens them; a carriage return before a line feed is dropped, and the last line need not
end.
"""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from io import BufferedIOBase
from pathlib import Path

from nmt.data.text import text_files
from nmt.data.text.invalid_text.invalid_text import InvalidText
from nmt.runtime.errors import CorpusError
from nmt.runtime.log_messages import RateLimitedWarning
from nmt.runtime.package_files import STARTER, folder

MAX_WARNINGS = 3  # lines logged one by one before the others are only counted
STANDARD_INPUT = "standard input"


def read(name: str | None, suffix: str, invalid_text: InvalidText) -> Iterator[str]:
    """Yield the lines of a file; one of them is in memory.

    Args:
        name: a file, `starter:test` for a file of the starter corpus, or None for standard input.
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
            for number, line in enumerate(text_files.lines(file, shown), start=1):
                line = line.removesuffix(b"\n").removesuffix(b"\r")
                try:
                    text = line.decode("utf-8")
                except UnicodeDecodeError as error:
                    text = invalid_text(line, _message(error, f"{shown}:{number}"), warning)
                yield text
    except OSError as error:
        raise CorpusError(f"{shown} cannot be read: {error.strerror or error}") from error
    warning.close()


def _open(name: str | None, suffix: str) -> AbstractContextManager[BufferedIOBase]:
    if name is None:
        return text_files.unpacked(sys.stdin.buffer, STANDARD_INPUT)
    return text_files.open_text(str(_starter(name, suffix)) if name.startswith(STARTER) else name)


def _starter(name: str, suffix: str) -> Path:
    root = folder("data/starter")
    path = root / (name.removeprefix(STARTER) + suffix)
    if not path.is_file():
        known = ", ".join(STARTER + file.stem for file in sorted(root.glob(f"*{suffix}")))
        raise CorpusError(f"{name} does not exist; expected one of {known}")
    return path


def _message(error: UnicodeDecodeError, location: str) -> str:
    return f"{location}: byte 0x{error.object[error.start]:02x} at {error.start + 1} is not UTF-8"
