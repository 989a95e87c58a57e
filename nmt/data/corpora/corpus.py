"""The contract of a corpus: pairs of lines in order with their locations; and how files are read.

`nmt.data.text.text_files` opens them. Lines end with a line feed and nothing else (a carriage
return before it is dropped; a line separator, a form feed or U+0085 inside a line is text), and the
last line need not end.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, runtime_checkable

from nmt.data.text import text_files
from nmt.runtime.errors import CorpusError
from nmt.runtime.package_files import folder

BLOCK_LINES = 1_000  # lines read together where the caller does not choose
MAX_BLOCK_BYTES = 1 << 30  # of the lines of a block


@dataclass(frozen=True, slots=True)
class Pair:
    """A source line and its translation.

    Attributes:
        source: the line without its end, exactly as in the file.
        target: the same for the target.
        source_location: file and line number, counted from 1, as in `data/train.de:17`.
        target_location: the same for the target.
    """

    source: bytes
    target: bytes
    source_location: str
    target_location: str


@dataclass(frozen=True, slots=True)
class InvalidPair:
    """A pair, or a line in place of one, that cannot be used for training.

    Attributes:
        reason: the kind of fault, the same words for all faults of a kind.
        location: file and line number, counted from 1.
        detail: what exactly is wrong with this line.
    """

    reason: str
    location: str
    detail: str

    @classmethod
    def not_utf8(cls, error: UnicodeDecodeError, location: str) -> "InvalidPair":
        """Return the fault of a line that cannot be decoded."""
        byte = f"byte 0x{error.object[error.start]:02x} at {error.start + 1}"
        return cls("invalid UTF-8", location, byte)


@runtime_checkable
class PairBlock(Protocol):
    """Consecutive pairs of a corpus, not yet parsed: another process may do that."""

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Yield the pairs in order."""
        ...

    def texts(self) -> tuple[list[str], list[str]] | None:
        """Return all sources and all targets at once if each line is part of a pair of UTF-8.

        The fast path for valid text; after None, iteration finds what is wrong.
        """
        return None


@dataclass(frozen=True, slots=True)
class Pairs(PairBlock):
    """Pairs that are parsed already."""

    pairs: list[Pair | InvalidPair]

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Yield the pairs."""
        return iter(self.pairs)


@runtime_checkable
class Corpus(Protocol):
    """A split of a parallel corpus on disk, read as a stream; each iteration starts anew."""

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Yield all pairs in order, and an InvalidPair for each line that holds none.

        Raises:
            CorpusError: if a file is missing or unreadable, or the numbers of lines differ.
        """
        ...

    def files(self) -> tuple[str, ...]:
        """Return the names of all files of the split, for checksums and messages."""
        ...

    def blocks(self, pairs: int) -> Iterator[PairBlock]:
        """Yield the pairs of iteration in blocks of this many.

        Raises:
            CorpusError: as iteration.
        """
        rest = iter(self)
        while block := list(islice(rest, pairs)):
            yield Pairs(block)


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Consecutive lines of a file, not yet split.

    Attributes:
        name: of the file.
        first: number of the first line, counted from 1.
        count: number of lines.
        data: their bytes with their ends.
    """

    name: str
    first: int
    count: int
    data: bytes

    def __iter__(self) -> Iterator[tuple[bytes, str]]:
        """Yield each line without its end, and its location."""
        lines = islice(self.data.split(b"\n"), self.count)
        for number, line in enumerate(lines, self.first):
            yield line.removesuffix(b"\r"), f"{self.name}:{number}"

    def texts(self) -> list[str] | None:
        """Decode all lines at once; return None if one is not UTF-8."""
        try:
            text = self.data.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return text.replace("\r\n", "\n").removesuffix("\r").split("\n")[: self.count]


def read_lines(name: str) -> Iterator[bytes]:
    """Yield a file's lines without their ends.

    Raises:
        CorpusError: as `read_blocks`.
    """
    for block in read_blocks(name, BLOCK_LINES):
        for line, _ in block:
            yield line


def read_blocks(name: str, lines: int) -> Iterator[LineBlock]:
    """Yield a file's lines in blocks of this many; one block is in memory.

    Raises:
        CorpusError: if the file is missing, unreadable or not text in lines.
    """
    try:
        # A file of the system, as /proc/kmsg, has no size, and reading it may never end.
        if Path(name).is_file() and not Path(name).stat().st_size:
            return
        with text_files.open_text(name) as file:
            first, rest = 1, text_files.lines(file, name)
            while block := _block(rest, lines, f"{name}:{first}"):
                yield LineBlock(name, first, len(block), b"".join(block))
                first += len(block)
    except OSError as error:
        raise unreadable(name, error) from error


def _block(rest: Iterator[bytes], lines: int, location: str) -> list[bytes]:
    block, size = [], 0
    for line in islice(rest, lines):
        block.append(line)
        size += len(line)
        if size > MAX_BLOCK_BYTES:
            raise CorpusError(
                f"{location}: {len(block)} lines from here have more than {MAX_BLOCK_BYTES} bytes;"
                " expected sentences: split the lines"
            )
    return block


def unreadable(name: str, error: OSError) -> CorpusError:
    """Return the error of a file that cannot be read."""
    if isinstance(error, FileNotFoundError):
        if command := _download_command(Path(name).parent):
            return CorpusError(f"{name} does not exist; download it with: {command}")
        return CorpusError(f"{name} does not exist; correct its name, in the command or under data")
    return CorpusError(f"{name} cannot be read: {error.strerror or error}")


def _download_command(parent: Path) -> str | None:
    """Return the command that fills a folder named as one of the public corpora."""
    if not (folder("conf") / "corpus" / f"{parent.name}.yaml").is_file():
        return None
    command = f"python -m nmt.download {parent.name}"
    usual = parent == Path("data", parent.name)
    return command if usual else f"{command} folder={shlex.quote(str(parent))}"


def file_names(names: object, key: str) -> tuple[str, ...]:
    """Return one or several names of files as a tuple.

    Args:
        names: one name, or a sequence of names.
        key: of the names in the configuration.

    Raises:
        CorpusError: if there is no name.
    """
    several = (names,) if isinstance(names, str | Path) else names
    if not several:
        raise CorpusError(f"{key} of the data names no file; expected at least one")
    return tuple(str(name) for name in several)  # type: ignore[attr-defined]
