"""Corpora yield each pair once, in order, with its location, and name exactly what is wrong."""

import gzip
import json

import pytest

from nmt.data.corpora.corpus import Corpus, InvalidPair, Pair, Pairs, read_lines
from nmt.data.corpora.filters import (
    MAX_EXAMPLES,
    FilterCounts,
    SkipFilter,
    StrictFilter,
    filter_block,
    read_pairs,
)
from nmt.data.corpora.jsonl import JSONLCorpus
from nmt.data.corpora.plain import PlainCorpus
from nmt.data.corpora.tsv import TSVCorpus
from nmt.runtime.errors import CorpusError

SKIP = SkipFilter(max_characters=20, max_pieces=10)
STRICT = StrictFilter(max_characters=20, max_pieces=10)


def write(path, data):
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def plain(folder, source, target):
    return PlainCorpus(write(folder / "a.de", source), write(folder / "a.en", target))


def good(corpus):
    return list(read_pairs(corpus, SKIP, FilterCounts()))


def stopped(corpus, pair_filter=SKIP):
    with pytest.raises(CorpusError) as caught:
        list(read_pairs(corpus, pair_filter, FilterCounts()))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_only_a_line_feed_ends_a_line_and_a_carriage_return_before_it_is_dropped(tmp_path):
    text = "a\u2028b\r\nc\x0bd\x85e\x0b\n\nf\rg \r\r\n".encode()
    name = write(tmp_path / "a", text)
    assert [line.decode() for line in read_lines(name)] == [
        "a\u2028b",
        "c\x0bd\x85e\x0b",
        "",
        "f\rg \r",
    ]


def test_a_byte_order_mark_is_dropped_at_the_start_of_a_file_only(tmp_path):
    name = write(tmp_path / "a", b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n")
    assert list(read_lines(name)) == [b"a", b"\xef\xbb\xbfb"]


def test_a_last_line_without_end_counts_and_an_empty_file_has_none(tmp_path):
    assert list(read_lines(write(tmp_path / "a", b"a\nb"))) == [b"a", b"b"]
    assert list(read_lines(write(tmp_path / "b", b"a\nb\n"))) == [b"a", b"b"]
    assert list(read_lines(write(tmp_path / "c", b""))) == []


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_plain_text_has_pairs_with_locations_over_several_files(tmp_path, ending):
    names = {
        name: write(tmp_path / f"{name}{ending}", text)
        for name, text in {"a": b"1\n2\n", "b": b"3\n", "c": b"x\ny\n", "d": b"z"}.items()
    }
    corpus = PlainCorpus([names["a"], names["b"]], [names["c"], names["d"]])
    assert (
        list(corpus)
        == list(corpus)
        == [
            Pair(b"1", b"x", f"{names['a']}:1", f"{names['c']}:1"),
            Pair(b"2", b"y", f"{names['a']}:2", f"{names['c']}:2"),
            Pair(b"3", b"z", f"{names['b']}:1", f"{names['d']}:1"),
        ]
    )
    assert corpus.files() == (names["a"], names["b"], names["c"], names["d"])


@pytest.mark.parametrize("pair_filter", [SKIP, STRICT])
@pytest.mark.parametrize(("source", "target"), [(b"1\n2\n3\n", b"x\ny\n"), (b"1\n2", b"x\ny\nz")])
def test_unequal_line_counts_stop_with_any_filter(tmp_path, pair_filter, source, target):
    corpus = plain(tmp_path, source, target)
    counts = (3, 2) if len(source) > len(target) else (2, 3)
    assert f"{tmp_path}/a.de has {counts[0]} lines but {tmp_path}/a.en has {counts[1]}" in stopped(
        corpus, pair_filter
    )


def test_unequal_line_counts_that_cancel_over_two_files_stop_too(tmp_path):
    first, second = write(tmp_path / "1", b"a\nb\n"), write(tmp_path / "2", b"c\n")
    corpus = PlainCorpus([first, second], [second, first])
    assert f"{first} has 2 lines but {second} has 1" in stopped(corpus)


def test_different_numbers_of_files_stop():
    with pytest.raises(CorpusError, match="2 source files but 1 target files: a, b against c"):
        PlainCorpus(["a", "b"], ["c"])
    with pytest.raises(CorpusError, match="source of the data names no file"):
        PlainCorpus([], [])
    with pytest.raises(CorpusError, match="paths of the data names no file"):
        TSVCorpus([]).files()


def test_what_a_spreadsheet_writes_besides_sentences_is_no_pair(tmp_path):
    lines = [
        'German\t"English"',
        '"Er sagt ""Ja""."\tHe says yes.',
        'a\t"""Yes"", he says."',
        *['"Ja."\t"Yes."', '"Ja", "Nein"\tb', '"a ""b"" c" d"\tb', '""\t""', "source\ttarget"],
    ]
    pairs = list(TSVCorpus(write(tmp_path / "a.tsv", "\n".join(lines).encode())))
    assert [pair.reason for pair in pairs[:3]] == [
        "names of columns",
        *["quotes of a spreadsheet"] * 2,
    ]
    assert "a.tsv:2" in pairs[1].location
    assert [pair.source + b"\t" + pair.target for pair in pairs[3:]] == [
        line.encode() for line in lines[3:]
    ]


def test_a_missing_file_of_a_corpus_that_can_be_downloaded_names_the_command(tmp_path):
    name = str(tmp_path / "multi30k" / "train.de")
    message = stopped(PlainCorpus(name, name))
    assert f"python -m nmt.download multi30k folder={tmp_path}/multi30k" in message
    message = stopped(PlainCorpus("data/multi30k/none.de", name))
    assert message.endswith("download it with: python -m nmt.download multi30k")


def test_a_missing_file_is_named(tmp_path):
    name = write(tmp_path / "a.de", b"a\n")
    assert f"{tmp_path}/b.en does not exist" in stopped(PlainCorpus(name, str(tmp_path / "b.en")))
    assert f"{tmp_path}/b.tsv does not exist" in stopped(TSVCorpus(str(tmp_path / "b.tsv")))
    assert f"{tmp_path}/b.jsonl does not exist" in stopped(JSONLCorpus(str(tmp_path / "b.jsonl")))


def test_a_folder_in_place_of_a_file_is_named(tmp_path):
    assert f"{tmp_path} cannot be read: Is a directory" in stopped(TSVCorpus(str(tmp_path)))


@pytest.mark.parametrize("damage", ["not gzip", "cut", "flipped"])
def test_broken_gzip_is_named(tmp_path, damage):
    packed = bytearray(gzip.compress(bytes(range(33, 120)) * 50))
    path = tmp_path / "a.tsv.gz"
    if damage == "flipped":
        packed[-6] ^= 1
    path.write_bytes({"not gzip": b"a\tb\n", "cut": bytes(packed[:-20])}.get(damage, bytes(packed)))
    assert f"{path} is broken" in stopped(TSVCorpus(str(path)))


def test_tsv_splits_at_the_one_tab_and_other_numbers_of_tabs_are_invalid(tmp_path):
    name = write(tmp_path / "a.tsv", b"ein Hund\ta dog\nkein\nzu\tvie\tle\n\tx\n")
    invalid = [pair for pair in TSVCorpus(name) if isinstance(pair, InvalidPair)]
    assert [pair.location for pair in invalid] == [f"{name}:2", f"{name}:3"]
    assert invalid[1].detail == "2 tabs, expected one between the sentences"
    assert good(TSVCorpus([name, name])) == [("ein Hund", "a dog")] * 2
    assert stopped(TSVCorpus(name), STRICT).startswith(f"{name}:2: not two columns: 0 tabs")


def test_jsonl_reads_source_and_target_and_names_other_values(tmp_path):
    rows = [
        json.dumps({"source": "Bär", "target": "bear", "id": 1}),
        json.dumps({"target": "bear", "source": "Bär"}, ensure_ascii=False),
        "{",
        "[]",
        '{"source": "a"}',
        '{"source": "a", "target": 1}',
        '{"source": "a", "target": "\\ud800"}',
        '{"source": "a", "target": "b\\nc"}',
        "",
        "[" * 100_000,
    ]
    name = write(tmp_path / "a.jsonl", "\n".join(rows).encode() + b'\n"\xff"')
    counts = FilterCounts()
    assert [source for source, _ in read_pairs(JSONLCorpus(name), SKIP, counts)] == ["Bär", "Bär"]
    assert counts.read == 11
    assert counts.skipped == {
        "not JSON": 3,
        "no sentence": 3,
        "invalid UTF-8": 2,
        "control character": 1,
    }
    assert counts.examples["no sentence"][1] == (
        f"{name}:5 (expected an object whose 'target' is a string)"
    )
    assert stopped(JSONLCorpus(name), STRICT).startswith(f"{name}:3: not JSON: ")


BAD = {
    "invalid UTF-8": (b"ab\xffc", "byte 0xff at 3"),
    "control character": (b"ab\0c", "U+0000 at column 3"),
    "empty line": (b" \t\xe2\x80\xa8", "no text"),
    "too many characters": ("ü".encode() * 21, "21 characters, filter.max_characters=20"),
}


@pytest.mark.parametrize("reason", BAD)
@pytest.mark.parametrize("side", ["source", "target", "both"])
def test_an_invalid_line_on_either_side_skips_its_pair_alone_and_is_counted(tmp_path, reason, side):
    bad, detail = BAD[reason]
    source = b"1\n" + (b"2" if side == "target" else bad) + b"\n3\n"
    target = b"x\n" + (b"y" if side == "source" else bad) + b"\nz\n"
    corpus = plain(tmp_path, source, target)
    counts = FilterCounts()
    pairs = list(read_pairs(corpus, SKIP, counts))
    assert pairs == [("1", "x"), ("3", "z")]
    file = f"{tmp_path}/a.{'en' if side == 'target' else 'de'}"
    assert (counts.read, counts.skipped) == (3, {reason: 1})
    assert counts.examples == {reason: [f"{file}:2 ({detail})"]}
    assert stopped(corpus, STRICT) == (
        f"{file}:2: {reason}: {detail}; correct the line, or skip such pairs with filter=skip"
    )


@pytest.mark.parametrize("code", [0, 8, 11, 13, 27, 31, 127, 133, 159])
def test_control_characters_are_invalid(tmp_path, code):
    assert good(plain(tmp_path, f"a{chr(code)}b".encode(), b"x")) == []


@pytest.mark.parametrize("text", ["a\tb", "a\u2028b", "a\u00adb", "a\u200bb", "🐕", "a\ufeffb"])
def test_tabs_odd_spaces_and_rare_characters_are_text(tmp_path, text):
    assert good(plain(tmp_path, text.encode(), b"x")) == [(text, "x")]


def test_a_line_of_exactly_the_limit_is_valid(tmp_path):
    assert len(good(plain(tmp_path, "ü".encode() * 20, b"x"))) == 1


def test_all_invalid_pairs_are_counted_but_only_the_first_are_examples(tmp_path):
    counts = FilterCounts()
    assert not list(read_pairs(plain(tmp_path, b"\n" * 9, b"x\n" * 9), SKIP, counts))
    assert counts.skipped == {"empty line": 9}
    numbers = [example.split()[0].split(":")[-1] for example in counts.examples["empty line"]]
    assert numbers == [str(number) for number in range(1, MAX_EXAMPLES + 1)]


TEXTS = [
    b"a\nb\nc",
    b"a\r\nb\n",
    b"a\r\r\nb\r",
    b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n",
    b"\xef\xbb\xbf",
    b"\n\n",
    b"a\n\xff\nb\n",
    b"a\x85\n\xc2\x85\n\xc2\xa0x\n",
    "ü\u2028\u3000 \t☃\n".encode() * 5,
]


@pytest.mark.parametrize("count", [1, 2, 3, 100])
@pytest.mark.parametrize("text", TEXTS)
def test_blocks_of_lines_are_the_pairs_of_iteration_and_their_texts_those_of_lines(
    tmp_path, text, count
):
    name = write(tmp_path / "a", text)
    corpus = PlainCorpus(name, name)
    blocks = list(corpus.blocks(count))
    assert [len(list(block)) for block in blocks[:-1]] == [count] * (len(blocks) - 1)
    assert [pair for block in blocks for pair in block] == list(corpus)
    for block in blocks:
        if block.texts() is not None:
            texts = [(pair.source.decode(), pair.target.decode()) for pair in block]
            assert list(zip(*block.texts(), strict=True)) == texts


class Own(Corpus):
    """A user's corpus without blocks."""

    def __iter__(self):
        yield from (Pair(b"a", b"b", f"here:{number}", "there") for number in range(1, 4))
        yield InvalidPair("torn", "here:4", "half a line")

    def files(self):
        return ("here",)


def test_a_corpus_that_defines_only_iteration_has_blocks_too():
    blocks = list(Own().blocks(3))
    assert [len(list(block)) for block in blocks] == [3, 1]
    assert good(Own()) == [("a", "b")] * 3
    assert stopped(Own(), STRICT).startswith("here:4: torn: half a line")


@pytest.mark.parametrize("text", [b"a\nb\n", b"a\n\n", b"\x7f\n", "\x85\n§\n".encode(), b"a\r"])
def test_lines_are_filtered_together_as_each_alone(tmp_path, text):
    pairs = list(PlainCorpus(*[write(tmp_path / "a", text)] * 2))
    together, alone = FilterCounts(), FilterCounts()
    passed = filter_block(Pairs(pairs), SKIP, alone)
    (block,) = PlainCorpus(*[str(tmp_path / "a")] * 2).blocks(9)
    together_passed = filter_block(block, SKIP, together)
    assert (together_passed.sources, together_passed.targets) == (passed.sources, passed.targets)
    assert together == alone
    rows = range(len(together_passed.sources))
    assert list(map(together_passed.locations, rows)) == list(map(passed.locations, rows))
