"""Preparation keeps every valid pair, reports the others, and is done once."""

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from helpers.preparations import LINES, SETTINGS, corpus, preparation, write
from helpers.shards import chunk

from nmt.config.command_line import configuration, run
from nmt.data.corpora.filters import SkipFilter, StrictFilter
from nmt.data.corpora.jsonl import JSONLCorpus
from nmt.data.corpora.plain import PlainCorpus
from nmt.data.corpora.tsv import TSVCorpus
from nmt.data.preparation import encoding
from nmt.data.preparation.preparation import PreparedCorpus
from nmt.data.preparation.report import PreparationReport, SideReport
from nmt.data.preparation.shards import ShardWriter
from nmt.data.tokenization.training import (
    BPETrainer,
    SeparateVocabularies,
    UnigramTrainer,
)
from nmt.prepare import prepare, prepared
from nmt.runtime import checksums, locks
from nmt.runtime.errors import ConfigurationError, CorpusError, DamagedError, NmtError

ROOT = Path(__file__).parents[3]


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_pairs_are_there_in_order_as_text_and_as_ids(tmp_path):
    done = preparation(tmp_path)(tmp_path / "prepared")
    assert len(done.train) == 90 and len(done.valid) == 5
    for i, line in enumerate(LINES):
        assert done.train.source_text(i) == line
        assert done.train.target_text(i) == line.upper()
        source, target = (side(np.array([i])) for side in (done.train.sources, done.train.targets))
        assert source.values.tolist() == done.tokenizers.source.encode(line)
        assert done.tokenizers.target.decode(target.values.tolist()) == line.upper()


def test_invisible_characters_stay_in_the_text_are_not_in_the_ids_and_are_counted(tmp_path, caplog):
    plain = preparation(tmp_path)(tmp_path / "plain")
    source = ["\u00ad".join(LINES[0]), *LINES[1:]]
    target = [line.upper() for line in LINES[:-1]] + ["\u200b".join(LINES[-1].upper())]
    with caplog.at_level(logging.INFO):
        odd = preparation(tmp_path, train=corpus(tmp_path, "train", source, target))(tmp_path / "o")
    assert odd.tokenizers.files() == plain.tokenizers.files()
    rows = np.arange(90)
    assert (odd.train.sources(rows).values == plain.train.sources(rows).values).all()
    assert (odd.train.targets(rows).values == plain.train.targets(rows).values).all()
    assert (odd.train.source_text(0), odd.train.target_text(89)) == (source[0], target[89])
    report = odd.report.splits["train"]
    assert (report.source.invisible, report.target.invisible) == (
        len(LINES[0]) - 1,
        len(LINES[-1]) - 1,
    )
    assert f", {len(LINES[0]) - 1} invisible characters left out" in caplog.text
    assert plain.report.splits["train"].source.invisible == 0


def test_many_chunks_and_shards_hold_what_one_does(tmp_path, monkeypatch):
    one = preparation(tmp_path)(tmp_path / "one")
    monkeypatch.setattr(encoding, "CHUNK", 7)
    monkeypatch.setattr(encoding, "ROWS_PER_SHARD", 20)
    many = preparation(tmp_path)(tmp_path / "many")
    assert len(list(many.folder.glob("train-*.arrow"))) == 5
    assert many.report == one.report
    everything = np.arange(90)
    assert many.train.source_texts(everything) == one.train.source_texts(everything)
    assert np.array_equal(
        many.train.sources(everything).values, one.train.sources(everything).values
    )


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["txt", "tsv", "jsonl"])
def test_any_number_of_processes_writes_the_same_bytes(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(encoding, "CHUNK", 7)
    monkeypatch.setattr(encoding, "SERIAL_CHUNKS", 2)
    monkeypatch.setattr(encoding, "ROWS_PER_SHARD", 20)
    # Some blocks have invalid lines, so that not all of them take the fast path.
    sources = [*LINES[:40], "", "\x07", *LINES[40:], "gbfcd " * 60, "\u2003", LINES[3]]
    targets = [line.upper() or "leer" for line in sources]
    if ending == "txt":
        train = corpus(tmp_path, "train", sources, targets)
    elif ending == "tsv":
        rows = [f"{source}\t{target}" for source, target in zip(sources, targets, strict=True)]
        train = TSVCorpus(write(tmp_path, "train.tsv", [*rows, "no tab"]))
    else:
        pairs = [
            {"source": source, "target": target}
            for source, target in zip(sources, targets, strict=True)
        ]
        train = JSONLCorpus(write(tmp_path, "train.jsonl", [*map(json.dumps, pairs), "{"]))
    making = preparation(tmp_path, train=train, pair_filter=SkipFilter(400, 50))
    alone, together = making(tmp_path / "1"), making(tmp_path / "3", 3)
    assert files(alone.folder) == files(together.folder)
    report = alone.report.splits["train"]
    assert (report.kept, report.read - report.kept) == (91, 4 + (ending != "txt"))
    assert sum(report.skipped.values()) == report.read - report.kept


def test_a_strict_filter_stops_at_the_same_line_in_any_number_of_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "CHUNK", 7)
    monkeypatch.setattr(encoding, "SERIAL_CHUNKS", 2)
    lines = [*LINES[:40], "gbfcd " * 60, *LINES[40:], "gbfcd " * 60]
    making = preparation(
        tmp_path, train=corpus(tmp_path, "train", lines, lines), pair_filter=StrictFilter(400, 50)
    )
    for processes in (1, 2):
        with pytest.raises(CorpusError, match=r"train\.de:41: too many pieces: "):
            making(tmp_path / "prepared", processes)
        assert list((tmp_path / "prepared").iterdir()) == []


@pytest.mark.parametrize("value", ["0", "2.5", "1025", "some"])
def test_an_invalid_number_of_processes_is_rejected(tmp_path, value):
    words = [f"preparation_workers={value}", f"prepared={tmp_path}"]
    with pytest.raises(
        ConfigurationError, match=f"^preparation_workers={value}: expected auto, or"
    ):
        prepared(configuration("prepare", words, ()))


def test_words_are_counted_as_python_splits_them(tmp_path):
    texts = ["a  b", " a b ", "a\u00a0b", "ä\u2003b c", "\u3000a", "a\tb", "„a“ b", "über"]
    for chosen in (texts, texts[:2], texts[5:6] + texts[7:]):
        side = SideReport.count(chosen, np.full(len(chosen), 1), 0)
        assert side.words == sum(len(text.split()) for text in chosen)
        assert side.characters == sum(map(len, chosen))


def test_the_same_text_and_settings_reuse_the_folder(tmp_path):
    first = preparation(tmp_path)(tmp_path / "prepared")
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    again = preparation(tmp_path)(tmp_path / "prepared")
    assert again.folder == first.folder
    assert again.report == first.report
    assert {path: path.stat().st_mtime_ns for path in again.folder.iterdir()} == before
    elsewhere = preparation(tmp_path)(tmp_path / "elsewhere")
    assert files(elsewhere.folder) == files(first.folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"pair_filter": StrictFilter(200, 50)},
        {"pair_filter": SkipFilter(199, 50)},
        {"pair_filter": SkipFilter(200, 49)},
        {"trainer": BPETrainer(*SETTINGS)},
        {"trainer": UnigramTrainer(89, *SETTINGS[1:])},
        {"trainer": UnigramTrainer(90, 1.0, ["<x>"], False, "nmt_nfkc", 1000, 1)},
        {"vocabulary": SeparateVocabularies()},
        {"name": "other"},
    ],
    ids=repr,
)
def test_another_setting_makes_another_folder(tmp_path, changed):
    first, second = preparation(tmp_path), preparation(tmp_path, **changed)
    folder = tmp_path / "prepared"
    assert first(folder).folder != second(folder).folder


@pytest.mark.parametrize("name", ["train.de", "train.en", "valid.de", "valid.en"])
def test_another_text_makes_another_folder(tmp_path, name):
    first = preparation(tmp_path)
    digest = first.digest()
    path = tmp_path / name
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1).replace(b"A", b"B", 1))
    assert first.digest() != digest


def test_the_folder_is_named_by_corpus_and_digest(tmp_path):
    done = preparation(tmp_path)(tmp_path / "prepared")
    assert done.folder == tmp_path / "prepared" / f"tiny-{done.report.digest[:12]}"


def test_the_report_counts_pairs_pieces_words_and_skipped_pairs(tmp_path, caplog):
    good, long = "ab cd", " ".join("gbfcd" * 12)
    source = [*LINES, good, "", "x\x07y", good, "z" * 201, long, "\u200b", good]
    target = [*LINES, good, good, good, " ", good, good, good, "ab ab"]
    with caplog.at_level(logging.INFO):
        train = corpus(tmp_path, "train", source, target)
        valid = corpus(tmp_path, "valid", ["ab"], ["☃☃ a ☃"])
        done = preparation(tmp_path, train=train, valid=valid)(tmp_path / "prepared")
    train = done.report.splits["train"]
    assert (train.read, train.kept) == (98, 92)
    assert train.skipped == {
        "empty line": 3,
        "control character": 1,
        "too many characters": 1,
        "too many pieces": 1,
    }
    locations = {
        reason: [example.split(" ")[0] for example in examples]
        for reason, examples in train.examples.items()
    }
    de, en = tmp_path / "train.de", tmp_path / "train.en"
    assert locations["empty line"] == [f"{de}:92", f"{en}:94", f"{de}:97"]
    assert locations["control character"] == [f"{de}:93"]
    assert locations["too many characters"] == [f"{de}:95"]
    assert locations["too many pieces"] == [f"{de}:96"]
    assert "pieces, filter.max_pieces=50)" in train.examples["too many pieces"][0]
    everything = np.arange(92)
    texts = done.train.source_texts(everything), done.train.target_texts(everything)
    assert list(zip(*texts, strict=True))[90:] == [(good, good), (good, "ab ab")]
    assert train.target.characters == sum(map(len, texts[1]))
    assert train.target.words == sum(len(text.split()) for text in texts[1])
    assert train.target.pieces == int(done.train.target_lengths.sum())
    assert train.target.longest == int(done.train.target_lengths.max())
    assert (train.source.unknown, train.target.unknown) == (0, 0)
    assert done.report.splits["valid"].target.unknown == 2
    assert sum(train.source.lengths.values()) == 92
    assert list(train.source.lengths)[:2] == ["1-10", "11-20"]
    short = int((done.train.source_lengths <= 10).sum())
    assert train.source.lengths["1-10"] == short
    assert "train: 92 pairs kept of 98, 6 skipped" in caplog.messages
    warned = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert f"train: skipped 1: control character: {de}:93 (U+0007 at column 2)" in warned
    assert len(warned) == 4
    stored = json.loads((done.folder / "report.json").read_text(encoding="utf-8"))
    assert stored["splits"]["train"]["skipped"] == train.skipped
    assert stored["settings"]["filter"] == {
        "class": "SkipFilter",
        "max_characters": 200,
        "max_pieces": 50,
    }


def test_a_pair_of_exactly_the_limit_in_pieces_is_kept(tmp_path):
    longest = preparation(tmp_path)(tmp_path / "prepared").report.splits["train"].source.longest
    for limit, all_kept in ((longest, True), (longest - 1, False)):
        done = preparation(tmp_path, pair_filter=SkipFilter(200, limit))(tmp_path / "prepared")
        assert done.report.splits["train"].source.longest <= limit
        assert (len(done.train) == 90) == all_kept


def test_a_strict_filter_stops_at_an_invalid_line_and_at_too_many_pieces(tmp_path):
    for bad, message in (("\x07", "control character"), ("a b c " * 20, "too many pieces")):
        train = corpus(tmp_path, "train", [*LINES, bad], [*LINES, "a"])
        strict = preparation(tmp_path, train=train, pair_filter=StrictFilter(200, 50))
        with pytest.raises(CorpusError, match=rf"train\.de:91: {message}: .*; correct the line"):
            strict(tmp_path / "prepared")
    assert list((tmp_path / "prepared").iterdir()) == []


def test_a_split_without_a_valid_pair_is_an_error_with_reasons(tmp_path):
    bad = corpus(tmp_path, "train", ["", "x"], ["a", "\x00"])
    with pytest.raises(CorpusError) as caught:
        preparation(tmp_path, train=bad)(tmp_path / "prepared")
    de, en = tmp_path / "train.de", tmp_path / "train.en"
    assert str(caught.value) == (
        f"the train split has no pairs left: all 2 of {de}, {en} were skipped: "
        f"empty line: {de}:1 (no text); control character: {en}:2 (U+0000 at column 1)"
    )
    with pytest.raises(CorpusError, match=r"the valid split has no pairs: .*valid\.en is empty"):
        preparation(tmp_path, valid=corpus(tmp_path, "valid", [], []))(tmp_path / "prepared")


def test_a_failure_leaves_nothing_behind(tmp_path):
    unequal = corpus(tmp_path, "valid", ["a", "b"], ["a"])
    with pytest.raises(CorpusError, match=r"valid\.de has 2 lines but .*valid\.en has 1"):
        preparation(tmp_path, valid=unequal)(tmp_path / "prepared")
    with pytest.raises(ConfigurationError, match=r"tokenizer\.size=9999 is too large"):
        preparation(tmp_path, trainer=UnigramTrainer(9999, *SETTINGS[1:]))(tmp_path / "prepared")
    assert list((tmp_path / "prepared").iterdir()) == []


def test_a_missing_file_is_named_before_anything_is_made(tmp_path):
    missing = PlainCorpus(str(tmp_path / "none.de"), str(tmp_path / "none.en"))
    with pytest.raises(CorpusError, match=r"none\.de does not exist"):
        preparation(tmp_path, train=missing)(tmp_path / "prepared")
    assert not (tmp_path / "prepared").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NmtError, match=r"the folder .*file cannot be made: File exists"):
        preparation(tmp_path)(tmp_path / "file")


def test_concurrent_preparations_make_one_folder(tmp_path):
    making, results = preparation(tmp_path), []
    start = threading.Barrier(4)

    def work():
        start.wait()
        results.append(making(tmp_path / "prepared"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert {result.folder for result in results} == set((tmp_path / "prepared").iterdir())


def test_remains_of_killed_preparations_are_never_read_and_are_removed(tmp_path):
    root = tmp_path / "prepared"
    done = preparation(tmp_path)(root)
    for name in (done.folder.name, "other-0123456789ab"):
        left = root / f".{name}.unfinished"
        shutil.copytree(done.folder, left / "new")
        (left / ".lock").write_text("process 1\n")
    shutil.rmtree(done.folder)
    again = preparation(tmp_path)(root)
    assert again.folder == done.folder and len(again.train) == 90
    assert list(root.iterdir()) == [done.folder]


def test_a_preparation_that_another_process_makes_is_waited_for(tmp_path, caplog):
    root, results = tmp_path / "prepared", []
    complete = preparation(tmp_path)(tmp_path / "elsewhere").folder
    staging = root / f".{complete.name}.unfinished"
    with caplog.at_level(logging.INFO), locks.transient(staging):
        shutil.copytree(complete, staging / "new")
        thread = threading.Thread(target=lambda: results.append(preparation(tmp_path)(root)))
        thread.start()
        until = time.monotonic() + 20
        while f"{staging} is being written by process {os.getpid()} on" not in caplog.text:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert not results and (staging / "new").is_dir()
        (staging / "new").rename(root / complete.name)
    thread.join()
    assert [result.folder for result in results] == [root / complete.name]
    assert "training the tokenizer" not in caplog.text.partition("waiting for it")[2]


@pytest.mark.parametrize("name", ["report.json", "train-00000.arrow", "sentencepiece.model"])
def test_a_damaged_folder_is_named_moved_aside_and_made_again(tmp_path, caplog, name):
    first = preparation(tmp_path)(tmp_path / "prepared")
    before, path = files(first.folder), first.folder / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedError) as caught:
        PreparedCorpus.load(first.folder)
    what = f"{path} is not what was written (by SHA256SUMS)"
    assert str(caught.value) == f"{what}; delete the folder {first.folder}, it is made again"
    damaged = files(first.folder)
    again = preparation(tmp_path)(tmp_path / "prepared")
    assert again.folder == first.folder and files(again.folder) == before
    aside = first.folder.with_name(f"{first.folder.name}.damaged")
    assert files(aside) == damaged
    assert f"{what}; it is made again from the text, and kept as {aside}" in caplog.messages
    path.unlink()
    with pytest.raises(NmtError) as caught:
        preparation(tmp_path)(tmp_path / "prepared")
    what = f"{path} is missing (by SHA256SUMS)"
    assert str(caught.value) == f"{what}, and {aside} exists from before; delete one of the two"
    assert files(aside) == damaged


def test_a_folder_that_is_made_again_by_other_versions_is_compared_with_the_damaged_one(
    tmp_path, caplog
):
    first = preparation(tmp_path)(tmp_path / "prepared")
    model = first.folder / "sentencepiece.model"
    model.write_bytes(model.read_bytes() + b"of another version")
    checksums.write_all(first.folder)
    (first.folder / "report.json").unlink()
    preparation(tmp_path)(tmp_path / "prepared")
    said = f"made again, but sentencepiece.model differs from that in {first.folder}.damaged"
    assert said in caplog.text


def test_a_folder_of_other_text_under_the_same_name_is_made_again(tmp_path):
    root = tmp_path / "prepared"
    other = preparation(tmp_path, pair_filter=SkipFilter(199, 50))(root).folder
    right = preparation(tmp_path)(root)
    shutil.rmtree(right.folder)
    other.rename(right.folder)
    assert preparation(tmp_path)(root).report == right.report


def test_a_folder_without_checksums_is_made_again(tmp_path, caplog):
    done = preparation(tmp_path)(tmp_path / "prepared")
    (done.folder / "SHA256SUMS").unlink()
    assert preparation(tmp_path)(tmp_path / "prepared").report == done.report
    assert f"{done.folder / 'SHA256SUMS'} is missing; it is made again from the text" in caplog.text


def rewrite(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    checksums.write_all(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"kept": 90', '"kept": 89', "is damaged: 90 pairs of train, by its report 89"),
        ('"kept": 90', '"kept": "90"', "not a report of this program .expected int, got '90'"),
        (
            '"kept": 90',
            '"kept": -1',
            "not a report of this program .a number that cannot be a count",
        ),
        ('"kept": 90', '"kept": NaN', "not a report of this program .expected int, got 'nan'"),
        ('"kept": 90', f'"kept": {"9" * 400}', "a number that cannot be a count"),
        ('"kept": 90', '"keep": 90', "expected the keys read, kept, skipped"),
        ('"valid": {', '"test": {', "expected the splits train and valid"),
        ('"skipped": {}', '"skipped": {"a": 1}', "expected examples of each reason in skipped"),
        (
            '"source_pieces": 90',
            '"source_pieces": 91',
            "is damaged: its report has other vocabularies",
        ),
        ("{", "[" * 100_000, "is not a report of this program .*recursion"),
    ],
)
def test_a_report_that_does_not_fit_is_rejected_though_its_checksum_is_right(
    tmp_path, old, new, message
):
    folder = preparation(tmp_path)(tmp_path / "prepared").folder
    text = (folder / "report.json").read_text(encoding="utf-8")
    assert old in text
    rewrite(folder, "report.json", text.replace(old, new, 1))
    with pytest.raises(DamagedError, match=message):
        PreparedCorpus.load(folder)


def test_ids_outside_the_vocabulary_are_rejected_though_their_checksum_is_right(tmp_path):
    done = preparation(tmp_path)(tmp_path / "prepared")
    with ShardWriter(done.folder, "valid", 90, 10) as writer:
        writer.write(chunk([([4, 89], [90], "a", "b")] * 5, 90))
    rewrite(done.folder, "report.json", (done.folder / "report.json").read_text())
    with pytest.raises(DamagedError, match=r"the shards in .* have the target id 90, of 90 pieces"):
        PreparedCorpus.load(done.folder)


def test_a_report_comes_back_from_its_file(tmp_path):
    report = preparation(tmp_path)(tmp_path / "prepared").report
    report.save(tmp_path / "report.json")
    assert PreparationReport.load(tmp_path / "report.json") == report
    (tmp_path / "report.json").write_text("[]")
    with pytest.raises(NmtError, match=r"report\.json is not a report of this program"):
        PreparationReport.load(tmp_path / "report.json")


def test_the_command_prints_the_folder_and_reports_on_stderr(tmp_path):
    preparation(tmp_path)
    words = [
        "data=files",
        "data.train.source=[train.de]",
        "data.train.target=[train.en]",
        "data.valid.source=[valid.de]",
        "data.valid.target=[valid.en]",
        "tokenizer.size=90",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "nmt.prepare", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    folder = done.stdout.removesuffix("\n")
    assert folder.startswith("prepared/files-")
    assert len(PreparedCorpus.load(tmp_path / folder).train) == 90
    assert "train: 90 pairs kept of 90, 0 skipped\n" in done.stderr


def test_a_missing_value_is_named_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["prepare", "data=files"])
    assert run("prepare", prepare) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("error: data.train.source is not set")


@pytest.mark.parametrize("ending", ["tsv", "jsonl"])
def test_the_configuration_reads_tsv_and_jsonl(tmp_path, ending):
    for split, lines in (("train", LINES), ("valid", LINES[:5])):
        rows = {
            "tsv": [f"{line}\t{line.upper()}" for line in lines],
            "jsonl": [json.dumps({"source": line, "target": line.upper()}) for line in lines],
        }[ending]
        write(tmp_path, f"{split}.{ending}", rows)
    words = [
        f"data={ending}",
        f"data.train.paths={tmp_path}/train.{ending}",
        f"data.valid.paths=[{tmp_path}/valid.{ending}]",
        "filter=strict",
        "tokenizer=bpe",
        "tokenizer.size=90",
        "tokenizer.symbols=[<x>,<y>]",
        "vocabulary=separate",
        f"prepared={tmp_path}/prepared",
    ]
    done = prepared(configuration("prepare", words, ()))
    assert done.train.target_text(7) == LINES[7].upper()
    assert done.tokenizers.target.pieces([4, 5]) == ["<x>", "<y>"]
    assert not done.tokenizers.joint
    assert done.folder.name.startswith(f"{ending}-")


def lexicon_of(tensors):
    """Return the content of a lexicon's file with these arrays."""
    return safetensors.numpy.save(tensors)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no lexicon",
        lexicon_of({}),
        lexicon_of({"translations": np.zeros((3, 2), np.int64)}),
        lexicon_of({"translations": np.zeros((3, 2)), "frequent": np.zeros(3)}),
    ],
)
def test_a_prepared_lexicon_that_is_none_is_made_again(tmp_path, content):
    folder = preparation(tmp_path)(tmp_path / "prepared").folder
    good = (folder / "lexicon.safetensors").read_bytes()
    (folder / "lexicon.safetensors").write_bytes(content)
    (folder / "SHA256SUMS").unlink()
    checksums.write_all(folder)
    with pytest.raises(DamagedError, match=r"lexicon\.safetensors"):
        PreparedCorpus.load(folder)
    again = preparation(tmp_path)(tmp_path / "prepared")
    assert again.folder == folder
    assert again.lexicon() == good


def test_a_prepared_lexicon_that_is_a_link_or_too_large_is_made_again(tmp_path):
    folder = preparation(tmp_path)(tmp_path / "prepared").folder
    path = folder / "lexicon.safetensors"
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(DamagedError, match="is a symbolic link"):
        PreparedCorpus.load(folder)
    path.unlink()
    path.touch()
    os.truncate(path, 5 << 30)  # without a byte on the disk
    with pytest.raises(DamagedError, match="has 5368709120 bytes; expected at most 268435456"):
        PreparedCorpus.load(folder)
