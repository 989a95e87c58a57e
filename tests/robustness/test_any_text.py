"""For any bytes on standard input, one line comes out for each line in."""

import gzip
import io
import json
import sys

import pytest
from helpers.any_bytes import BYTES, REJECTED, count
from helpers.fuzzing import cases
from helpers.saved_models import save
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt.data.text import streams
from nmt.data.text.invalid_text.replace import ReplaceInvalidText
from nmt.data.text.invalid_text.skip import SkipInvalidText
from nmt.data.text.invalid_text.stop import StopAtInvalidText
from nmt.data.windows import LineWindows
from nmt.inference.long_lines.split import SplitLongLines
from nmt.inference.long_lines.truncate import TruncateLongLines
from nmt.inference.output_formats.jsonl import JSONLOutput
from nmt.inference.output_formats.moses import MosesOutput
from nmt.inference.output_formats.text import TextOutput
from nmt.inference.sentences.split import SplitSentences
from nmt.inference.sentences.whole_lines import WholeLines
from nmt.inference.translator import Translator
from nmt.runtime.control_characters import CONTROL_CHARACTERS
from nmt.runtime.errors import CorpusError, NmtError
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.length_penalties.gnmt import GNMT


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    """A translator whose pieces are letters and bytes, line feeds among them."""
    return Translator.load(save(tmp_path_factory.mktemp("run"), 300, True), device="cpu")


def read(data, invalid_text):
    """Read data from standard input."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        yield from streams.read(None, ".de", invalid_text)


@settings(max_examples=cases(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=BYTES,
    invalid_text=st.sampled_from([ReplaceInvalidText(), SkipInvalidText(), StopAtInvalidText()]),
    sentences=st.sampled_from([SplitSentences("de"), SplitSentences("zh"), WholeLines()]),
    long_lines=st.sampled_from([SplitLongLines(1), SplitLongLines(7), TruncateLongLines(5)]),
    windows=st.sampled_from(
        [LineWindows(1, 1, 1, 1), LineWindows(3, 40, 2, 20), LineWindows(99, 9999, 9, 99)]
    ),
    search=st.sampled_from([Greedy(0.0, 5), Beam(3, 2, GNMT(0.6), 0.0, 3)]),
)
def test_one_line_comes_out_for_each_line_in(
    translator, data, invalid_text, sentences, long_lines, windows, search
):
    configured = Translator(
        translator.scorer,
        translator.tokenizers,
        search,
        sentences,
        long_lines,
        windows,
        translator.device,
    )
    try:
        results = list(configured.stream(read(data, invalid_text)))
    except CorpusError as error:
        if REJECTED.search(str(error)):
            return
        assert invalid_text == StopAtInvalidText()
        with pytest.raises(UnicodeDecodeError):
            data.decode()
        return
    assert len(results) == count(data)
    numbered = list(enumerate(results))
    text = b"".join(TextOutput()(*item).encode() for item in numbered)
    assert count(text) == text.count(b"\n") == len(text.decode().splitlines()) == len(results)
    assert not any(CONTROL_CHARACTERS.search(result.text) for result in results)
    objects = "".join(JSONLOutput()(*item) for item in numbered).encode().decode().splitlines()
    assert [json.loads(line)["source"] for line in objects] == [result.source for result in results]
    fields = [
        line.split(" ||| ") for item in numbered for line in MosesOutput()(*item).splitlines()
    ]
    assert [int(field[0]) for field in fields] == [
        number for number, result in numbered for _ in result.distinct
    ]
    assert all(len(field) == 4 for field in fields)


@settings(max_examples=cases(50), deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=[])), max_size=5))
def test_any_strings_are_translated(translator, lines):
    results = list(translator.stream(lines))
    assert [result.source for result in results] == lines
    for number, result in enumerate(results):
        for output_format in (TextOutput(), JSONLOutput(), MosesOutput()):
            assert output_format(number, result).encode().count(b"\n") == 1


@settings(max_examples=cases(150), deadline=None)
@given(BYTES, st.data())
def test_a_damaged_gz_file_is_read_whole_or_rejected(tmp_path_factory, data, draw):
    packed = bytearray(gzip.compress(data, mtime=0))
    for _ in range(draw.draw(st.integers(0, 2))):
        packed[draw.draw(st.integers(0, len(packed) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    end = draw.draw(st.just(len(packed)) | st.integers(0, len(packed)))
    path = tmp_path_factory.getbasetemp() / "damaged.gz"
    path.write_bytes(packed[:end])
    try:
        results = list(streams.read(str(path), ".de", ReplaceInvalidText()))
    except NmtError as error:
        assert REJECTED.search(str(error))
    else:
        assert len(results) in (count(data), 0)
