"""Judging systems: test sets are read whole, tables and reports say the same numbers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sacrebleu
import yaml
from helpers.small_run import save, starter

from nmt.config.command_line import configuration
from nmt.data.corpora.jsonl import JSONLCorpus
from nmt.evaluate import evaluate
from nmt.evaluation import test_sets
from nmt.evaluation.metrics.bleu import BLEU
from nmt.evaluation.metrics.chrf import ChrF
from nmt.evaluation.metrics.ter import TER
from nmt.evaluation.report import Evaluation, SystemOutput, report, table
from nmt.evaluation.test_sets import EvaluationSet
from nmt.inference.translator import Translator
from nmt.runtime.errors import ConfigurationError, CorpusError, ModelError, NmtError
from nmt.search.greedy import Greedy

EVALUATION = Evaluation([BLEU("13a"), ChrF(6, 0, 2), TER()], [2, 4], 50)
SOURCE = ["ein Hund", "ein kleiner Hund läuft schnell", ""]
TARGET = ["a dog", "a little dog runs fast", "."]
TEST_SET = EvaluationSet(("test.de", "test.en"), SOURCE, TARGET)
GOOD = SystemOutput("good", TARGET, {"search": "none"})
BAD = SystemOutput("bad", ["a cat", "a little dog runs fast", "!"], {})


def write(path: Path, *lines: str) -> str:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def trained(run: Path, test: object) -> Path:
    (run / "training").mkdir(parents=True)
    text = yaml.safe_dump({"data": {"name": "mine", "test": test}})
    (run / "training" / "config.yaml").write_text(text, encoding="utf-8")
    return run


def test_the_table_of_one_system_has_signatures_and_groups_by_length():
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
    references = EvaluationSet(("test.en",), None, TARGET)
    (judged,) = EVALUATION(references, [GOOD])
    assert judged.buckets == []
    assert "source words" not in table(references, [judged])


def test_a_system_with_too_few_lines_is_refused_by_name():
    with pytest.raises(NmtError, match=r"^short has 2 lines but test\.de, test\.en 3; expected"):
        EVALUATION(TEST_SET, [SystemOutput("short", TARGET[:2], {})])


def test_two_systems_of_the_same_name_are_refused():
    with pytest.raises(ConfigurationError, match="systems to compare are good, good"):
        EVALUATION(TEST_SET, [GOOD, GOOD])


def test_a_test_set_is_read_from_two_files(tmp_path):
    source, target = write(tmp_path / "a.de", *SOURCE), write(tmp_path / "a.en", *TARGET)
    assert test_sets.from_files(source, target) == EvaluationSet((source, target), SOURCE, TARGET)
    assert test_sets.from_files(None, target) == EvaluationSet((target,), None, TARGET)


def test_files_of_different_lengths_are_refused(tmp_path):
    source, target = write(tmp_path / "a.de", "x", "y"), write(tmp_path / "a.en", "x")
    with pytest.raises(CorpusError, match=r"a\.de has 2 lines but .*a\.en has 1"):
        test_sets.from_files(source, target)


def test_several_references_are_those_of_sacrebleu(tmp_path, capsys):
    hypotheses = ["the dog barks at me", "a little dog runs very fast", "a cat sleeps here now"]
    first = ["a dog barks at me", "a little dog runs fast", "the cat is asleep now"]
    second = ["the dog is barking at me", "a small dog runs very fast", "a cat sleeps here today"]
    names = [
        write(tmp_path / name, *lines)
        for name, lines in (("h", hypotheses), ("g", first), ("1", first), ("2", second))
    ]
    source = write(tmp_path / "s", "x", "x x x", "x x x x x")
    systems = f"hypotheses=[{names[0]},{names[1]}]"
    references = f"target=[{names[2]},{names[3]}]"
    report = tmp_path / "a.json"
    shown = command(
        capsys, systems, f"source={source}", references, f"output={report}", "by_length=[1]"
    )
    assert shown.startswith(f"{source}, {names[2]}, {names[3]}: 3 lines\n")
    scores, other = json.loads(report.read_text())["systems"]
    expected = [
        measure().corpus_score(hypotheses, [first, second]).score
        for measure in (sacrebleu.BLEU, sacrebleu.CHRF, sacrebleu.TER)
    ]
    assert [score["value"] for score in scores["scores"]] == pytest.approx(expected)
    assert [each["score"]["value"] for each in scores["comparisons"]] == pytest.approx(expected)
    assert all("nrefs:2" in score["signature"] for score in scores["scores"])
    assert [score["value"] for score in other["scores"]] == pytest.approx([100, 100, 0])
    one = BLEU("13a")(hypotheses[:1], first[:1], [second[:1]]).value
    assert scores["by_length"][0]["scores"][0]["value"] == pytest.approx(one)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("[test.en,short.en]", r"test\.en has 3 lines but short\.en has 1; expected a reference"),
        ("[test.en,none.en]", r"none\.en does not exist"),
        ("[]", r"target=\[\] names no references"),
    ],
)
def test_references_that_do_not_fit_are_named(tmp_path, monkeypatch, names, message):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "test.en", *TARGET)
    write(tmp_path / "short.en", TARGET[0])
    with pytest.raises(NmtError, match=message):
        evaluate(configuration("evaluate", ["hypotheses=[test.en]", f"target={names}"], ()))


def test_a_line_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "a.en").write_bytes(b"good\nb\xe4d\n")
    with pytest.raises(CorpusError, match=r"a\.en:2: byte 0xe4 at 2 is not UTF-8"):
        test_sets.from_files(None, str(tmp_path / "a.en"))


def test_a_line_of_a_test_set_that_holds_no_pair_is_not_left_out(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"source": "x", "target": "y"}', '{"source": "x"}')
    with pytest.raises(
        CorpusError, match=r"a\.jsonl:2: no sentence: .* no line may be left out here"
    ):
        test_sets.from_corpus(JSONLCorpus(path))


def test_an_error_in_another_split_does_not_mention_the_test_set(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"source": "x"}')
    valid = {"_target_": "nmt.data.corpora.jsonl.JSONLCorpus", "paths": path}
    run = trained(tmp_path / "run", None)
    text = yaml.safe_dump({"data": {"valid": valid}})
    (run / "training" / "config.yaml").write_text(text)
    with pytest.raises(
        CorpusError, match=r"a\.jsonl:1: .*correct it, or give other files by source"
    ) as found:
        test_sets.from_run(run, [], "valid")
    (run / "training" / "config.yaml").unlink()
    with pytest.raises(ModelError, match="it names the valid set: give source=FILE") as other:
        test_sets.from_run(run, [], "valid")
    assert not any("test set" in str(one.value) for one in (found, other))


def test_the_test_set_of_a_run_is_found_in_its_configuration(tmp_path):
    source, target = write(tmp_path / "a.de", *SOURCE), write(tmp_path / "a.en", *TARGET)
    test = {"_target_": "nmt.data.corpora.plain.PlainCorpus", "source": source, "target": target}
    assert test_sets.from_run(trained(tmp_path / "run", test), [], "test") == EvaluationSet(
        (source, target), SOURCE, TARGET
    )


@pytest.mark.parametrize(
    "test", [None, {"_target_": "nmt.data.corpora.plain.PlainCorpus", "source": "???"}]
)
def test_a_run_without_a_test_set_is_an_error_that_names_the_keys(tmp_path, test):
    with pytest.raises(ConfigurationError, match="names no test set; give source=FILE target=FILE"):
        test_sets.from_run(trained(tmp_path / "run", test), [], "test")


def test_a_folder_that_is_not_a_run_is_reported(tmp_path):
    with pytest.raises(ModelError, match=r"config\.yaml cannot be read: No such file .* source="):
        test_sets.from_run(tmp_path, [], "test")
    with pytest.raises(ModelError, match=r"none is no folder; train .* nmt\.train run=.*none$"):
        test_sets.from_run(tmp_path / "none", [], "test")


@pytest.mark.parametrize("text", ["data: [", "", "data: 3", "other: 3", "- 1"])
def test_a_damaged_configuration_of_a_run_is_reported(tmp_path, text):
    run = trained(tmp_path / "run", None)
    (run / "training" / "config.yaml").write_text(text)
    with pytest.raises(ModelError, match=r"config\.yaml (is damaged|cannot be read)"):
        test_sets.from_run(run, [], "test")


@pytest.mark.parametrize("target", ["os.system", "nmt.data.corpora.plain.lines", "builtins.print"])
def test_an_untrusted_run_executes_nothing(tmp_path, target):
    with pytest.raises(ModelError, match="no class that a saved model may name"):
        test_sets.from_run(trained(tmp_path / "run", {"_target_": target}), [], "test")


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> list[str]:
    """Two runs whose test set is four lines of the starter corpus."""
    root = tmp_path_factory.mktemp("runs")
    files = [write(root / f"test{side}", *starter(f"test{side}")[:4]) for side in (".de", ".en")]
    test = [f"data.test.source={files[0]}", f"data.test.target={files[1]}"]
    return [save(root / name, *test, seed=seed) for seed, name in enumerate("ab")]


def command(capsys, *overrides: str) -> str:
    """Run the command quickly and give what stood on standard output."""
    small = [
        "search=greedy",
        "search.length_factor=0.5",
        "search.length_extra=0",
        "samples=20",
        "device=cpu",
    ]
    evaluate(configuration("evaluate", [*small, *overrides], ()))
    return capsys.readouterr().out


def test_the_command_translates_and_scores_the_test_set_of_a_run(runs, capsys):
    shown = command(capsys, f"run={runs[0]}")
    search = Greedy(0.5, 0)
    hypotheses = Translator.load(runs[0], search, device="cpu").translate(starter("test.de")[:4])
    expected = EVALUATION.metrics[1](hypotheses, starter("test.en")[:4])
    lines = shown.splitlines()
    assert lines[0].endswith("test.de, " + lines[0].split(", ")[1])
    assert lines[0].endswith("test.en: 4 lines")
    assert lines[2] == runs[0]
    assert lines[5].split() == ["chrF2", f"{expected.value:.1f}", expected.signature]
    assert lines[8].split() == ["source", "words", "lines", "BLEU", "chrF2", "TER"]


def test_the_command_compares_runs_and_writes_all_numbers(runs, tmp_path, capsys):
    output = tmp_path / "report.json"
    shown = command(capsys, f"run={runs[0]}", f"against=[{runs[1]}]", f"output={output}")
    data = json.loads(output.read_text())
    assert [system["name"] for system in data["systems"]] == runs
    assert data["systems"][0]["settings"]["search"]["_target_"] == "nmt.search.greedy.Greedy"
    assert shown.splitlines()[3].split()[0] == runs[0]
    assert set(data["versions"]) == {"commit", "machine", "sacrebleu"}
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_the_command_scores_files_without_a_model(tmp_path, capsys):
    target = write(tmp_path / "test.en", *TARGET)
    same, other = write(tmp_path / "same.en", *TARGET), write(tmp_path / "b.en", *BAD.lines)
    shown = command(capsys, f"hypotheses=[{same},{other}]", f"target={target}", "run=none")
    assert shown.splitlines()[3].split()[:2] == [same, "100.0"]
    assert shown.splitlines()[4].split()[0] == other


def test_files_come_before_runs_and_their_test_set_is_that_of_the_run(runs, tmp_path, capsys):
    mine = write(tmp_path / "mine.en", *starter("test.en")[:4])
    chosen = [f"hypotheses=[{mine}]", f"run={runs[0]}", f"against=[{runs[1]}]"]
    names = [line.split()[0] for line in command(capsys, *chosen).splitlines()[3:5]]
    assert names == [mine, runs[1]]


def test_a_list_of_one_name_needs_no_brackets(runs, tmp_path, capsys):
    mine = write(tmp_path / "mine.en", *starter("test.en")[:4])
    chosen = [f"hypotheses={mine}", f"run={runs[0]}", f"against={runs[1]}", "by_length=5"]
    shown = command(capsys, *chosen).splitlines()
    assert [line.split()[0] for line in shown[3:5]] == [mine, runs[1]]
    assert [line.split()[0] for line in shown[-2:]] == ["0-5", "6+"]


def test_an_ensemble_is_one_system(runs, capsys):
    assert " + ".join(runs) in command(capsys, f"run=[{runs[0]},{runs[1]}]").splitlines()


def test_metrics_are_chosen_on_the_command_line(tmp_path, capsys):
    target = write(tmp_path / "test.en", *TARGET)
    shown = command(
        capsys,
        f"hypotheses=[{target}]",
        f"target={target}",
        "+metric@metrics.lowercase=lowercase_bleu",
        "~metric@metrics.ter",
    )
    assert [line.split()[0] for line in shown.splitlines()[4:]] == ["BLEU", "chrF2", "BLEU-lc"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["by_length=[a]", "hypotheses=[test.en]", "target=test.en"],
            "by_length=a: expected a whole number, 0 or more",
        ),
        (["source=a.de"], "source=a.de needs target=FILE"),
        (["target=test.en"], "target= needs source=FILE where a run is to translate"),
        (["run=[]"], r"run=\[\] names no model"),
        (["run=nowhere"], "nowhere holds no trained model .* train one with"),
        (["output=nowhere/a.json"], "output=nowhere/a.json: the folder nowhere does not exist"),
        (["hypotheses=[none.en]", "target=test.en"], "none.en does not exist"),
    ],
)
def test_incompatible_arguments_are_reported(tmp_path, monkeypatch, overrides, message):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "test.en", *TARGET)
    with pytest.raises(NmtError, match=message):
        evaluate(configuration("evaluate", overrides, ()))


def test_only_the_table_is_written_to_stdout(tmp_path):
    target = write(tmp_path / "test.en", *TARGET)
    command = [sys.executable, "-m", "nmt.evaluate", f"hypotheses=[{target},{target}.copy]"]
    write(tmp_path / "test.en.copy", *TARGET)
    done = subprocess.run([*command, f"target={target}"], capture_output=True, text=True)
    few = "the test set has 3 lines; a comparison by fewer than 100 says little about other text\n"
    assert (done.returncode, done.stderr) == (0, few)
    assert done.stdout.startswith(f"{target}: 3 lines\n\nsystem ")
