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
from itertools import islice
from pathlib import Path
from typing import Protocol, runtime_checkable

from nmt.runtime.errors import CorpusError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
AT_ONCE = 1_000  # lines that are read together where nobody says


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
class InvalidPair:
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
class PairBlock(Protocol):
    """Pairs that follow each other in a corpus; another process may take them apart."""

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Give the pairs in order."""
        ...

    def texts(self) -> tuple[list[str], list[str]] | None:
        """Give all sources and all targets at once where each line is a pair of UTF-8.

        They are those of iteration, which is slower and names what is wrong: None sends to it.
        """
        return None


@dataclass(frozen=True, slots=True)
class Pairs(PairBlock):
    """Pairs that were read already."""

    pairs: list[Pair | InvalidPair]

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Give them."""
        return iter(self.pairs)


@runtime_checkable
class Corpus(Protocol):
    """A split of a parallel corpus on disk, read as a stream; iterating again starts again."""

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Give all pairs in order, and a fault where a line does not hold a pair.

        Raises:
            CorpusError: if a file is missing or unreadable, or the numbers of lines differ.
        """
        ...

    def files(self) -> tuple[str, ...]:
        """Name all files of the split, for content sums and for messages."""
        ...

    def blocks(self, pairs: int) -> Iterator[PairBlock]:
        """Give the pairs of iteration, so many at once.

        Raises:
            CorpusError: as iteration.
        """
        rest = iter(self)
        while block := list(islice(rest, pairs)):
            yield Pairs(block)


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Lines of a file that follow each other, as they stand there.

    Attributes:
        name: of the file.
        first: number of the first of them, counted from 1.
        count: how many there are.
        data: their bytes with their ends.
    """

    name: str
    first: int
    count: int
    data: bytes

    def __iter__(self) -> Iterator[tuple[bytes, str]]:
        """Give each line without its end, and its place."""
        found = islice(self.data.split(b"\n"), self.count)
        for number, line in enumerate(found, self.first):
            yield line.removesuffix(b"\r"), f"{self.name}:{number}"

    def texts(self) -> list[str] | None:
        """Give all lines at once as text; None where one is not UTF-8."""
        try:
            text = self.data.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return text.replace("\r\n", "\n").removesuffix("\r").split("\n")[: self.count]


def lines(name: str) -> Iterator[bytes]:
    """Give a file's lines without their ends.

    Raises:
        CorpusError: if the file is missing or cannot be read, or is not the gzip it is named.
    """
    for some in read_lines(name, AT_ONCE):
        for line, _ in some:
            yield line


def read_lines(name: str, count: int) -> Iterator[LineBlock]:
    """Give a file's lines so many at once; memory holds these.

    Raises:
        CorpusError: if the file is missing or cannot be read, or is not the gzip it is named.
    """
    try:
        with gzip.open(name, "rb") if name.endswith(".gz") else Path(name).open("rb") as file:
            first, start = 1, BYTE_ORDER_MARK
            while some := list(islice(file, count)):
                yield LineBlock(name, first, len(some), b"".join(some).removeprefix(start))
                first, start = first + len(some), b""
    except FileNotFoundError as error:
        raise CorpusError(
            f"{name} does not exist; correct its name, in the command or under data"
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
