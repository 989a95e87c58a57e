"""Judging systems: test sets are read whole, tables and reports say the same numbers."""

import json
from pathlib import Path

import pytest
import yaml

from nmt import benchmark
from nmt.benchmark import Benchmark
from nmt.corpora.jsonl import JSONL
from nmt.errors import ConfigurationError, CorpusError, ModelError, NmtError
from nmt.evaluation import Evaluation, System, report, table
from nmt.metrics.bleu import BLEU
from nmt.metrics.chrf import ChrF
from nmt.metrics.ter import TER

EVALUATION = Evaluation([BLEU("13a"), ChrF(6, 0, 2), TER()], [2, 4], 50)
SOURCE = ["ein Hund", "ein kleiner Hund läuft schnell", ""]
TARGET = ["a dog", "a little dog runs fast", "."]
TEST_SET = Benchmark(("test.de", "test.en"), SOURCE, TARGET)
GOOD = System("good", TARGET, {"search": "none"})
BAD = System("bad", ["a cat", "a little dog runs fast", "!"], {})


def write(path: Path, *lines: str) -> str:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def trained(run: Path, test: object) -> Path:
    (run / "training").mkdir(parents=True)
    text = yaml.safe_dump({"data": {"name": "mine", "test": test}})
    (run / "training" / "config.yaml").write_text(text, encoding="utf-8")
    return run


def test_one_system_is_shown_with_signatures_and_by_length():
    shown = table(TEST_SET, EVALUATION(TEST_SET, [GOOD]))
    assert shown.splitlines()[:6] == [
        "test.de, test.en: 3 lines",
        "",
        "good",
        "metric  value  signature",
        f"BLEU    100.0  {BLEU('13a')(TARGET, TARGET).signature}",
        f"chrF2   100.0  {ChrF(6, 0, 2)(TARGET, TARGET).signature}",
    ]
    assert shown.endswith(
        "source words  lines   BLEU  chrF2  TER\n"
        "0-2               2    0.0  100.0  0.0\n"
        "3-4               0      -      -    -\n"
        "5+                1  100.0  100.0  0.0\n"
    )


def test_several_systems_are_compared_with_the_first():
    shown = table(TEST_SET, EVALUATION(TEST_SET, [GOOD, BAD])).splitlines()
    assert " ".join(shown[2].split()) == "system BLEU ± 95 % p chrF2 ± 95 % p TER ± 95 % p"
    assert shown[3].split()[0] == "good"
    assert shown[3].split()[3::3] == ["-", "-", "-"]
    assert shown[4].split()[0] == "bad"
    assert all(0 < float(chance) <= 1 for chance in shown[4].split()[3::3])
    assert shown[5].startswith("p: how probable such a difference from good is by chance")
    assert shown[6].startswith("BLEU: nrefs:1|bs:50|seed:12345")


def test_the_report_has_all_numbers_and_is_the_same_each_time():
    judged = EVALUATION(TEST_SET, [GOOD, BAD])
    data = report(TEST_SET, judged, {"python": "3"})
    assert json.dumps(data) == json.dumps(
        report(TEST_SET, EVALUATION(TEST_SET, [GOOD, BAD]), {"python": "3"})
    )
    good, bad = data["systems"]
    assert data["test_set"] == {"files": ["test.de", "test.en"], "lines": 3}
    assert good["settings"] == {"search": "none"}
    assert [score["metric"] for score in bad["scores"]] == ["BLEU", "chrF2", "TER"]
    assert [bucket["name"] for bucket in bad["by_length"]] == ["0-2", "3-4", "5+"]
    assert [bucket["lines"] for bucket in bad["by_length"]] == [2, 0, 1]
    assert bad["by_length"][1]["scores"] == []
    assert good["comparisons"][0]["p_value"] is None
    assert 0 < bad["comparisons"][0]["p_value"] <= 1


def test_without_a_source_there_are_no_lengths():
    references = Benchmark(("test.en",), None, TARGET)
    (judged,) = EVALUATION(references, [GOOD])
    assert judged.buckets == []
    assert "source words" not in table(references, [judged])


def test_a_system_with_too_few_lines_is_refused_by_name():
    with pytest.raises(NmtError, match=r"^short has 2 lines but test\.de, test\.en 3; expected"):
        EVALUATION(TEST_SET, [System("short", TARGET[:2], {})])


def test_two_systems_of_the_same_name_are_refused():
    with pytest.raises(ConfigurationError, match="systems to compare are good, good"):
        EVALUATION(TEST_SET, [GOOD, GOOD])


def test_a_test_set_is_read_from_two_files(tmp_path):
    source, target = write(tmp_path / "a.de", *SOURCE), write(tmp_path / "a.en", *TARGET)
    assert benchmark.from_files(source, target) == Benchmark((source, target), SOURCE, TARGET)
    assert benchmark.from_files(None, target) == Benchmark((target,), None, TARGET)


def test_files_of_different_lengths_are_refused(tmp_path):
    source, target = write(tmp_path / "a.de", "x", "y"), write(tmp_path / "a.en", "x")
    with pytest.raises(CorpusError, match=r"a\.de has 2 lines but .*a\.en has 1"):
        benchmark.from_files(source, target)


def test_a_line_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "a.en").write_bytes(b"good\nb\xe4d\n")
    with pytest.raises(CorpusError, match=r"a\.en:2: byte 0xe4 at 2 is not UTF-8"):
        benchmark.from_files(None, str(tmp_path / "a.en"))


def test_a_line_of_a_test_set_that_holds_no_pair_is_not_left_out(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"source": "x", "target": "y"}', '{"source": "x"}')
    with pytest.raises(CorpusError, match=r"a\.jsonl:2: no sentence: .* whole or not at all"):
        benchmark.from_corpus(JSONL(path))


def test_a_run_names_its_test_set(tmp_path):
    source, target = write(tmp_path / "a.de", *SOURCE), write(tmp_path / "a.en", *TARGET)
    test = {"_target_": "nmt.corpora.plain.Plain", "source": source, "target": target}
    assert benchmark.from_run(trained(tmp_path / "run", test), []) == Benchmark(
        (source, target), SOURCE, TARGET
    )


@pytest.mark.parametrize("test", [None, {"_target_": "nmt.corpora.plain.Plain", "source": "???"}])
def test_a_run_without_a_test_set_asks_for_one(tmp_path, test):
    with pytest.raises(ConfigurationError, match="names no test set; give source=FILE target=FILE"):
        benchmark.from_run(trained(tmp_path / "run", test), [])


def test_a_folder_that_is_no_run_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"config\.yaml cannot be read: No such file .* run="):
        benchmark.from_run(tmp_path, [])


@pytest.mark.parametrize("text", ["data: [", "", "data: 3", "other: 3", "- 1"])
def test_a_damaged_configuration_of_a_run_is_said(tmp_path, text):
    run = trained(tmp_path / "run", None)
    (run / "training" / "config.yaml").write_text(text)
    with pytest.raises(ModelError, match=r"config\.yaml is damaged"):
        benchmark.from_run(run, [])


@pytest.mark.parametrize("target", ["os.system", "nmt.corpora.plain.lines", "builtins.print"])
def test_a_run_from_a_stranger_executes_nothing(tmp_path, target):
    with pytest.raises(ModelError, match="no class that a saved model may name"):
        benchmark.from_run(trained(tmp_path / "run", {"_target_": target}), [])
