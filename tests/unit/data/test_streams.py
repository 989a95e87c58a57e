import gzip
from pathlib import Path

import pytest

from nmt.data.text import streams, text_files
from nmt.data.text.invalid_text.replace import ReplaceInvalidText
from nmt.runtime.errors import CorpusError

ROOT = Path(__file__).parents[3]


def test_lines_end_with_a_line_feed_and_nothing_else(tmp_path, caplog):
    data = b"\xef\xbb\xbfa\r\nb\x0bc\xe2\x80\xa8d\xc2\x85e\x0cf\rg\n\n\xff\xfe\nlast"
    plain_file, packed = tmp_path / "a.de", tmp_path / "a.de.gz"
    plain_file.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    expected = ["a", "b\x0bc\u2028d\x85e\x0cf\rg", "", "\ufffd\ufffd", "last"]
    assert list(streams.read(str(plain_file), ".de", ReplaceInvalidText())) == expected
    assert list(streams.read(str(packed), ".de", ReplaceInvalidText())) == expected
    message = f"{plain_file}:4: byte 0xff at 1 is not UTF-8; invalid bytes read U+FFFD"
    assert caplog.messages[0] == message


def test_many_lines_that_are_not_utf8_are_counted(tmp_path, caplog):
    file = tmp_path / "latin1.de"
    file.write_bytes("schön\n".encode("latin-1") * 8)
    assert list(streams.read(str(file), ".de", ReplaceInvalidText())) == ["sch\ufffdn"] * 8
    assert len(caplog.messages) == 4
    assert caplog.messages[3] == f"8 lines of {file} were not UTF-8 in all"


def test_files_of_the_starter_corpus_are_named_by_their_split():
    first = (ROOT / "data" / "starter" / "test.de").read_text(encoding="utf-8").split("\n")[0]
    assert next(streams.read("starter:test", ".de", ReplaceInvalidText())) == first
    with pytest.raises(CorpusError, match=r"^starter:tset does not exist; .*starter:test,"):
        next(streams.read("starter:tset", ".de", ReplaceInvalidText()))


def test_unreadable_input_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"nothing.de cannot be read: No such file"):
        list(streams.read(str(tmp_path / "nothing.de"), ".de", ReplaceInvalidText()))
    with pytest.raises(CorpusError, match="cannot be read: Is a directory"):
        list(streams.read(str(tmp_path), ".de", ReplaceInvalidText()))
    broken = tmp_path / "a.gz"
    broken.write_bytes(b"plain")
    with pytest.raises(CorpusError, match=r"a.gz is broken: .* a name in .gz means gzip"):
        list(streams.read(str(broken), ".de", ReplaceInvalidText()))


def test_a_line_without_an_end_is_rejected_before_it_fills_the_memory(tmp_path):
    longest = tmp_path / "longest.de"
    longest.write_bytes(b"a\n" + b"b" * (text_files.MAX_BYTES - 1) + b"\n")
    assert [len(line) for line in streams.read(str(longest), ".de", ReplaceInvalidText())] == [
        1,
        2**24 - 1,
    ]
    message = "/dev/zero:1 has more than 16777216 bytes without a line feed; this is not text"
    with pytest.raises(CorpusError, match=message):
        next(streams.read("/dev/zero", ".de", ReplaceInvalidText()))
