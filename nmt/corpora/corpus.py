"""The contract of a corpus: pairs of lines in order, each knowing where it stands.

What a file may hold: lines end with a line feed and with nothing else (a carriage return before
it goes with it; a line separator, a form feed or U+0085 inside a line is text), the last line
need not end, and a byte order mark at the start of a file is not text. A file whose name ends in
`.gz` is unpacked on the fly.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from nmt.errors import CorpusError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Pair:
    """A source line and the target line that says the same.

    Attributes:
        source: the line without its end, exactly as it stands in the file.
        target: the same for the target.
        source_place: file and line number, counted from 1, as in `data/train.de:17`.
        target_place: the same for the target.
    """

    source: bytes
    target: bytes
    source_place: str
    target_place: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a pair, or what stands in its place, is not to be learnt from.

    Attributes:
        reason: the kind, in words that are the same for all faults of the kind.
        place: file and line number, counted from 1.
        detail: what exactly is wrong with this line.
    """

    reason: str
    place: str
    detail: str


@runtime_checkable
class Corpus(Protocol):
    """A split of a parallel corpus on disk, read as a stream; iterating again starts again."""

    def __iter__(self) -> Iterator[Pair | Fault]:
        """Give all pairs in order, and a fault where a line does not hold a pair.

        Raises:
            CorpusError: if a file is missing or unreadable, or the numbers of lines differ.
        """
        ...

    def files(self) -> tuple[str, ...]:
        """Name all files of the split, for content sums and for messages."""
        ...


def lines(name: str) -> Iterator[bytes]:
    """Give a file's lines without their ends; memory holds one of them.

    Raises:
        CorpusError: if the file is missing or cannot be read, or is not the gzip it is named.
    """
    try:
        with gzip.open(name, "rb") if name.endswith(".gz") else Path(name).open("rb") as file:
            start = BYTE_ORDER_MARK
            for line in file:
                yield line.removeprefix(start).removesuffix(b"\n").removesuffix(b"\r")
                start = b""
    except FileNotFoundError as error:
        raise CorpusError(
            f"{name} does not exist; the configuration names it under data"
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(
            f"{name} is broken: {error}; a name in .gz means gzip: fetch or pack the file again"
        ) from error
    except OSError as error:
        raise CorpusError(f"{name} cannot be read: {error.strerror or error}") from error


def listed(names: object, key: str) -> tuple[str, ...]:
    """Give the names of one or several files as a tuple.

    Args:
        names: one name, or a sequence of names.
        key: what the configuration calls them.

    Raises:
        CorpusError: if there is none.
    """
    several = (names,) if isinstance(names, str | Path) else names
    if not several:
        raise CorpusError(f"{key} of the data names no file; expected at least one")
    return tuple(str(name) for name in several)  # type: ignore[attr-defined]
