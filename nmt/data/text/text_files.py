"""How every file of text is opened: its first bytes decide what it is, not its name.

gzip, bzip2 and xz are unpacked, and a byte order mark of UTF-8 is no text. What is no text (UTF-16,
other archives, Parquet, PDF, …) is rejected by name. Lines end with a line feed and nothing else;
one of more than MAX_BYTES is rejected before it fills the memory.
"""

import bz2
import codecs
import gzip
import io
import lzma
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nmt.runtime.errors import CorpusError

MAX_BYTES = 1 << 24  # of a line
_HEAD = 4096  # bytes that decide

_PACKED: dict[
    bytes, tuple[str, tuple[str, ...], Callable[..., Any]]
] = {  # first bytes: name of the format, ends of file names, function that unpacks
    b"\x1f\x8b\x08": ("gzip", (".gz", ".tgz"), gzip.open),
    b"BZh": ("bzip2", (".bz2",), bz2.open),
    b"\xfd7zXZ\0": ("xz", (".xz",), lzma.open),
}
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # which follow BZh and a digit
_UNPACK = "unpack it first"
_AS_TEXT = "save it as plain text in UTF-8"
_AS_LINES = "write its sentences as TSV or JSON lines"
_NO_TEXT = (  # first bytes, what they are, what to do
    (b"(\xb5/\xfd", "packed by Zstandard", "unpack it first: zstd -d"),
    (b'\x04"M\x18', "packed by LZ4", "unpack it first: lz4 -d"),
    (b"LZIP\x01", "packed by lzip", _UNPACK),
    (b"\x1f\x9d", "packed by compress", _UNPACK),
    (b"]\0\0", "packed by LZMA", "unpack it first: xz --format=lzma -d"),
    (b"PK\x03\x04", "a ZIP archive, as .docx, .xlsx and .odt are", f"{_UNPACK}, or {_AS_TEXT}"),
    (b"PK\x05\x06", "an empty ZIP archive", _UNPACK),
    (b"7z\xbc\xaf'\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"PAR1\x15", "Parquet", _AS_LINES),
    (b"ARROW1\0\0", "Arrow", _AS_LINES),
    (b"FEA1", "Feather", _AS_LINES),
    (b"Obj\x01", "Avro", _AS_LINES),
    (b"\x89HDF\r\n", "HDF5", _AS_LINES),
    (b"SQLite format 3\0", "an SQLite database", _AS_LINES),
    (b"\x93NUMPY", "an array of NumPy", _AS_LINES),
    (b"%PDF-", "PDF", _AS_TEXT),
    (b"{\\rtf", "RTF", _AS_TEXT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "a document of Microsoft Office", _AS_TEXT),
    (b"\x89PNG\r\n", "a PNG image", "give a file of text"),
    (b"\xff\xd8\xff", "a JPEG image", "give a file of text"),
    (b"\x7fELF", "a program", "give a file of text"),
)
_TAR = slice(257, 262), b"ustar"
_MARKS = (  # that of UTF-32 begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_CONTROLS = bytes({*range(32)} - {*b"\t\n\r"})
_MIN_SHARE = 0.7  # of zeros in UTF-16 that belong to letters of Latin 1
_WITHOUT_MARK = ("UTF-32LE", "UTF-32BE", "UTF-16LE", "UTF-16BE")


@contextmanager
def open_text(name: str) -> Iterator[io.BufferedIOBase]:
    """Open a file of text; see `unpacked`.

    Raises:
        CorpusError: as `unpacked`.
        OSError: if it cannot be opened.
    """
    with Path(name).open("rb") as file, unpacked(file, name) as text:
        yield text


@contextmanager
def unpacked(opened: Any, name: str) -> Iterator[io.BufferedIOBase]:
    """Return the bytes of the text in an opened file, unpacked, after a byte order mark.

    Args:
        opened: a binary file at its start.
        name: in messages.

    Raises:
        CorpusError: if it is no text, or what is packed is broken.
        OSError: if it cannot be read.
    """
    file: Any = opened if hasattr(opened, "peek") else io.BufferedReader(opened)
    try:
        if file.isatty():  # Nothing has been typed yet.
            yield file
            return
        head = file.peek(_HEAD)[:_HEAD]
        _check_name(head, name)
        packing = _packing(head)
        if packing is None:
            yield _after_mark(file, name)
        else:
            with _PACKED[packing][2](file) as text:
                yield _after_mark(text, name)
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise _broken(name, str(error)) from error
    except OSError as error:
        if error.errno is None:  # bzip2 reports so what is broken.
            raise _broken(name, str(error)) from error
        raise


def lines(file: io.BufferedIOBase, name: str) -> Iterator[bytes]:
    """Yield the lines of a file with their ends; one is in memory.

    Raises:
        CorpusError: if one has more than MAX_BYTES.
    """
    number = 0
    while line := file.readline(MAX_BYTES + 1):
        number += 1
        if len(line) > MAX_BYTES:
            raise CorpusError(
                f"{name}:{number} has more than {MAX_BYTES} bytes without a line feed;"
                " this is not text in lines"
            )
        yield line


def is_packed(name: str) -> bool:
    """Return whether `open_text` unpacks the file.

    Raises:
        OSError: if it cannot be read.
    """
    with Path(name).open("rb") as file:
        return _packing(file.read(_HEAD)) is not None


def check_readable_twice(name: str) -> None:
    """Check that a file is no pipe, no device and none of /proc and /sys, before it is opened.

    Raises:
        CorpusError: if it is one.
        OSError: if there is no such file.
    """
    mode = Path(name).stat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        if Path(name).resolve().parts[1:2] not in (("proc",), ("sys",)):
            return
        kind = "file of the system"
    else:
        kind = "pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"
    raise CorpusError(
        f"{name} is a {kind}, but a corpus is read several times: write its text to a file, and"
        " give that"
    )


def _packing(head: bytes) -> bytes | None:
    for magic in _PACKED:
        if head.startswith(magic) and (magic != b"BZh" or head[4:10] in _BZIP2_BLOCKS):
            return magic
    return None


def _check_name(head: bytes, name: str) -> None:
    for magic, (kind, ends, _) in _PACKED.items():
        if head and name.lower().endswith(ends) and _packing(head) != magic:
            end = Path(name).suffix
            raise _broken(name, f"it does not begin as {kind} does; a name in {end} means {kind}")


def _after_mark(text: Any, name: str) -> io.BufferedIOBase:
    """Check the first bytes of text, which is returned after a byte order mark."""
    head = text.peek(_HEAD)[:_HEAD]
    if kind := _other_encoding(head):
        raise CorpusError(
            f"{name} is {kind}, not UTF-8: convert it, as by iconv -f {kind} -t UTF-8 FILE"
        )
    if magic := _packing(head):
        inside = _PACKED[magic][0]
        raise CorpusError(f"{name} is packed twice, inside by {inside}, not text: {_UNPACK}")
    if head[_TAR[0]] == _TAR[1]:
        raise CorpusError(f"{name} is a tar archive, not text: {_UNPACK}")
    for magic, what, advice in _NO_TEXT:
        if head.startswith(magic):
            raise CorpusError(f"{name} is {what}, not text: {advice}")
    if head.startswith(codecs.BOM_UTF8):
        text.read(len(codecs.BOM_UTF8))
    checked: io.BufferedIOBase = text
    return checked


def _other_encoding(head: bytes) -> str | None:
    """Return the encoding that a mark shows, or without one the zeros in letters of ASCII."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if head.count(0) < 2 or (_is_utf8(head) and controls < len(head) / 4):
        return None
    return next((name for name in _WITHOUT_MARK if _is_encoded(head, name)), None)


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_encoded(head: bytes, encoding: str) -> bool:
    """Return whether bytes, zeros among them, are text of an encoding of two or four bytes."""
    width = 4 if "32" in encoding else 2
    head = head[: len(head) // width * width]
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    latin = sum(
        letter in "\t\r\n" or (letter.isprintable() and letter <= "\xff") for letter in text
    )
    share = latin / head.count(0) if head.count(0) else 0.0
    return "\0" not in text and bool(text) and (width == 4 or share > _MIN_SHARE)


def _broken(name: str, reason: str) -> CorpusError:
    return CorpusError(f"{name} is broken: {reason}; download or pack the file again")
