"""Whatever bytes stand on standard input, one line comes out for each line in."""

import gzip
import io
import json
import sys

import pytest
from fuzzing import cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models import LINES, save

from nmt import streams
from nmt.cleaning import NO_TEXT
from nmt.errors import CorpusError, NmtError
from nmt.invalid_text.replace import Replace
from nmt.invalid_text.skip import Skip
from nmt.invalid_text.stop import Stop
from nmt.long_lines.split import Split
from nmt.long_lines.truncate import Truncate
from nmt.output_formats.jsonl import JSONL
from nmt.output_formats.moses import Moses
from nmt.output_formats.text import Text
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.length_penalties.gnmt import GNMT
from nmt.translator import Translator
from nmt.windows import Windows

FRAGMENTS = [
    *[b"\n", b"\r\n", b"\r", b"\0", b"\t", b" ", b"\x0b", b"\x0c", b"\x1b[31m", b"\x1f\x8b\x08"],
    *[b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80", b"\xfe\xff"],
    *[text.encode() for text in ("\ufeff", "\u2028", "\u2029", "\x85", "\xa0", "\u200b", "\xad")],
    *[
        text.encode()
        for text in ("👩‍👩‍👧", "🇩🇪", "שלום", "\u202e", "漢字", "ﷺ", "ｱﾞ", "e\u0301\u0301")
    ],
    *[text.encode() for text in ("|||", "▁", "<s>", "</s>", "<unk>", "<0x0A>", "${x}", "\\n")],
    *[line.encode() for line in LINES[:4]],
    *[b"a" * 300, b". " * 99, "\u0301".encode() * 200, "漢".encode() * 200, "漢 ".encode() * 40],
]
BYTES = st.one_of(
    st.binary(max_size=120),
    st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=3), max_size=25).map(b"".join),
)


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    """Of a model whose pieces are letters and bytes, line feeds among them."""
    return Translator.load(save(tmp_path_factory.mktemp("run"), 300, True), device="cpu")


def count(data):
    return data.count(b"\n") + (not data.endswith(b"\n") and data != b"")


def read(data, invalid_text):
    """Read data from standard input."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        yield from streams.read(None, ".de", invalid_text)


@settings(max_examples=cases(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=BYTES,
    invalid_text=st.sampled_from([Replace(), Skip(), Stop()]),
    long_lines=st.sampled_from([Split(1), Split(7), Truncate(5)]),
    windows=st.sampled_from([Windows(1, 1, 1, 1), Windows(3, 40, 2, 20), Windows(99, 9999, 9, 99)]),
    search=st.sampled_from([Greedy(0.0, 5), Beam(3, 2, GNMT(0.6), 0.0, 3)]),
)
def test_one_line_comes_out_for_each_line_in(
    translator, data, invalid_text, long_lines, windows, search
):
    made = Translator(
        translator.scorer, translator.tokenizers, search, long_lines, windows, translator.device
    )
    try:
        found = list(made.stream(read(data, invalid_text)))
    except CorpusError:
        assert invalid_text == Stop()
        with pytest.raises(UnicodeDecodeError):
            data.decode()
        return
    assert len(found) == count(data)
    numbered = list(enumerate(found))
    text = b"".join(Text()(*one).encode() for one in numbered)
    assert count(text) == text.count(b"\n") == len(text.decode().splitlines()) == len(found)
    assert not any(NO_TEXT.search(one.text) for one in found)
    objects = "".join(JSONL()(*one) for one in numbered).encode().decode().splitlines()
    assert [json.loads(line)["source"] for line in objects] == [one.source for one in found]
    fields = [line.split(" ||| ") for one in numbered for line in Moses()(*one).splitlines()]
    assert [int(one[0]) for one in fields] == [
        number for number, one in numbered for _ in one.candidates
    ]
    assert all(len(one) == 4 for one in fields)


@settings(max_examples=cases(50), deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=[])), max_size=5))
def test_any_strings_are_translated_by_the_interface(translator, lines):
    found = list(translator.stream(lines))
    assert [one.source for one in found] == lines
    for number, one in enumerate(found):
        for output_format in (Text(), JSONL(), Moses()):
            assert output_format(number, one).encode().count(b"\n") == 1


@settings(max_examples=cases(150), deadline=None)
@given(BYTES, st.data())
def test_a_damaged_gz_file_is_read_whole_or_refused(tmp_path_factory, data, draw):
    packed = bytearray(gzip.compress(data, mtime=0))
    for _ in range(draw.draw(st.integers(0, 2))):
        packed[draw.draw(st.integers(0, len(packed) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    end = draw.draw(st.just(len(packed)) | st.integers(0, len(packed)))
    path = tmp_path_factory.getbasetemp() / "damaged.gz"
    path.write_bytes(packed[:end])
    try:
        found = list(streams.read(str(path), ".de", Replace()))
    except NmtError as error:
        assert "damaged.gz is broken: " in str(error)
    else:
        assert len(found) in (count(data), 0)
