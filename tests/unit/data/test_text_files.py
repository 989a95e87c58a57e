import bz2
import gzip
import io
import lzma
import os
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from helpers.preparations import preparation
from pyarrow import parquet

from nmt.data.corpora import corpus
from nmt.data.corpora.corpus import read_blocks, read_lines
from nmt.data.corpora.plain import PlainCorpus
from nmt.data.text import streams, text_files
from nmt.data.text.invalid_text.replace import ReplaceInvalidText
from nmt.evaluation import test_sets
from nmt.runtime.errors import CorpusError

TEXT = "Der Hund schläft.\r\nДом стоит.\n犬がいる。\n"
LINES = ["Der Hund schläft.", "Дом стоит.", "犬がいる。"]
UTF8 = TEXT.encode()
PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def write(path, data):
    path.write_bytes(data)
    return str(path)


def zipped(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, TEXT)
    return file.getvalue()


def table():
    file = io.BytesIO()
    parquet.write_table(pa.table({"source": LINES}), file)
    return file.getvalue()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("packer", ["", *PACKERS])
@pytest.mark.parametrize("end", ["", ".txt", ".GZ", ".Bz2", ".xz"])
def test_the_first_bytes_decide_how_text_is_unpacked(tmp_path, packer, mark, end, monkeypatch):
    data = PACKERS.get(packer, bytes)(mark + UTF8)
    name = write(tmp_path / f"a{end}", data)
    if end in (".GZ", ".Bz2", ".xz") and packer != end.lower()[1:]:
        with pytest.raises(CorpusError, match=f"a{end} is broken: .* a name in {end} means "):
            list(streams.read(name, "", ReplaceInvalidText()))
        return
    assert list(streams.read(name, "", ReplaceInvalidText())) == LINES
    assert [line.decode() for line in read_lines(name)] == LINES
    assert test_sets.read(name) == LINES
    assert text_files.is_packed(name) == bool(packer)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert list(streams.read(None, "", ReplaceInvalidText())) == LINES


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (TEXT.encode("utf-16"), "UTF-16, not UTF-8: convert it, as by iconv -f UTF-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "UTF-16, not UTF-8"),
        (TEXT.encode("utf-32"), "UTF-32, not UTF-8"),
        (TEXT.encode("utf-16-le"), "UTF-16LE, not UTF-8"),
        (TEXT.encode("utf-16-be"), "UTF-16BE, not UTF-8"),
        ("Дом стоит. Дом стоит.\n".encode("utf-16-le"), "UTF-16LE, not UTF-8"),
        ("犬がいる。猫がいる。\n猫がいる。\n".encode("utf-16-be"), "UTF-16BE, not UTF-8"),
        ("Hi\n".encode("utf-16-le"), "UTF-16LE, not UTF-8"),
        (("Ein Satz, ä. " * 999).encode("utf-16-le"), "UTF-16LE, not UTF-8"),
        (TEXT.encode("utf-32-le"), "UTF-32LE, not UTF-8"),
        (TEXT.encode("utf-32-be"), "UTF-32BE, not UTF-8"),
        (gzip.compress(TEXT.encode("utf-16")), "UTF-16, not UTF-8"),
        (
            gzip.compress(gzip.compress(UTF8)),
            "packed twice, inside by gzip, not text: unpack it first",
        ),
        (gzip.compress(b"a.txt" + bytes(252) + b"ustar\x0000"), "a tar archive"),
        (b"(\xb5/\xfd" + UTF8, "packed by Zstandard, not text: unpack it first: zstd -d"),
        (b'\x04"M\x18' + UTF8, "packed by LZ4"),
        (lzma.compress(UTF8, lzma.FORMAT_ALONE), "packed by LZMA"),
        (zipped("a.txt"), "a ZIP archive, as .docx, .xlsx and .odt are, not text"),
        (zipped("word/document.xml"), "a ZIP archive, as .docx, .xlsx and .odt are"),
        (table(), "Parquet, not text: write its sentences as TSV or JSON lines"),
        (b"%PDF-1.7\n", "PDF, not text: save it as plain text in UTF-8"),
        (b"7z\xbc\xaf'\x1c\0\4", "a 7z archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of Microsoft Office"),
        (b"{\\rtf1 Hund}", "RTF"),
        (b"SQLite format 3\0", "an SQLite database"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # archives hold the time of day
)
def test_what_is_no_text_is_rejected_by_name(tmp_path, data, named):
    name = write(tmp_path / "a.de", data)
    for read in (
        lambda: list(streams.read(name, "", ReplaceInvalidText())),
        lambda: list(read_lines(name)),
        lambda: test_sets.read(name),
    ):
        with pytest.raises(CorpusError) as caught:
            read()
        assert f"{name} is {named}" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        *[b"", b"\0", b"a\0b", b"ab\0cd\0ef\0", b"BZh", b"BZh9 is no archive", b"PK", b"PAR1 PAR1"],
        *[b"Rar!", b"%P", b"\xffa", b"a" * 300 + b"\0" + b"b" * 99 + b"\0", "ÄÖ\0".encode() * 9],
        *["Дом".encode(), bytes(9)],
    ],
)
def test_other_bytes_are_lines_of_text(tmp_path, data):
    name = write(tmp_path / "a.de", data)
    assert len(list(streams.read(name, "", ReplaceInvalidText()))) == bool(data)


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("damage", ["cut", "altered"])
def test_a_damaged_archive_is_named(tmp_path, packer, damage):
    data = bytearray(PACKERS[packer](os.urandom(9_000).hex().encode() + b"\n"))
    if damage == "cut":
        del data[-200:]
    else:
        data[len(data) // 2] ^= 1
    name = write(tmp_path / "a", bytes(data))
    for read in (
        lambda: list(streams.read(name, "", ReplaceInvalidText())),
        lambda: list(read_lines(name)),
    ):
        with pytest.raises(CorpusError, match=r"a is broken: .*; download or pack the file again"):
            read()


def test_a_long_line_of_a_corpus_is_rejected_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "MAX_BYTES", 100)
    name = write(tmp_path / "a.de", gzip.compress(b"a\n" + b"b" * 99 + b"\n" + b"c" * 10**6))
    lines = read_lines(name)
    monkeypatch.setattr(corpus, "BLOCK_LINES", 1)
    assert [len(line) for line in (next(lines), next(lines))] == [1, 99]
    with pytest.raises(CorpusError, match=r"a\.de:3 has more than 100 bytes without a line feed"):
        next(lines)


def test_a_block_of_lines_is_bounded_too(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "MAX_BLOCK_BYTES", 100)
    name = write(tmp_path / "a.de", (b"b" * 49 + b"\n") * 3)
    assert [block.count for block in read_blocks(name, 2)] == [2, 1]
    with pytest.raises(CorpusError, match=r"a\.de:1: 3 lines from here have more than 100 bytes"):
        list(read_blocks(name, 3))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("pipe", "a pipe"), ("/dev/zero", "a device"), ("/proc/uptime", "a file of the system")],
)
def test_a_corpus_that_can_be_read_only_once_is_rejected_before_it_is_opened(tmp_path, name, kind):
    os.mkfifo(tmp_path / "pipe")
    good, name = write(tmp_path / "a.en", UTF8), str(tmp_path / name)
    for pairs in (PlainCorpus(name, good), PlainCorpus(good, name)):
        for split in ("train", "valid"):
            with pytest.raises(
                CorpusError, match=f"{name} is {kind}, but a corpus is read several"
            ):
                preparation(tmp_path, **{split: pairs}).digest()


@pytest.mark.skipif(not Path("/proc/uptime").exists(), reason="there is no /proc here")
def test_a_file_of_the_system_without_a_size_is_not_read():
    assert list(read_lines("/proc/uptime")) == []
