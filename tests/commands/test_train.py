"""The command, on a corpus of some lines: what it writes, says and refuses."""

import json
import os
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from helpers.small_run import starter
from helpers.small_trainings import SMALL

from nmt import Translator
from nmt.config.command_line import run
from nmt.data.special_ids import END
from nmt.inference.scorer_options import DEFAULT
from nmt.inspection.model_folder import inspect
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.runtime import checksums, locks
from nmt.search.greedy import Greedy
from nmt.search.shortlists.lexical import LexicalShortlist
from nmt.train import train
from nmt.training.resumption.resumption import SettingChange
from nmt.training.resumption.settings import changes


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Write a corpus into an empty folder, and give the command with what it said."""
    monkeypatch.chdir(tmp_path)
    for split, first, last in (("train", 0, 150), ("valid", 150, 160), ("test", 160, 163)):
        for language in ("de", "en"):
            lines = starter(f"valid.{language}")[first:last]
            (tmp_path / f"{split}.{language}").write_text("\n".join(lines) + "\n")

    def call(*arguments):
        files = [
            f"data.{split}.{side}={split}.{language}"
            for split in ("train", "valid", "test")
            for side, language in (("source", "de"), ("target", "en"))
        ]
        monkeypatch.setattr(sys, "argv", ["nmt.train", *SMALL, *files, *arguments])
        status = run("train", train)
        return status, *capsys.readouterr()

    return call


def test_a_training_leaves_a_model_that_translates_and_prints_what_it_came_to(command, tmp_path):
    status, out, error = command("run=runs/a")
    assert status == 0, error
    first, valid, test, _, source, target, output = out.splitlines()
    assert first == "run runs/a"
    assert valid.startswith("valid  loss ")
    assert test.startswith("test  BLEU ")
    assert "|tok:13a|" in test
    assert (source, target) == (starter("valid.de")[161], starter("valid.en")[161])
    assert output == Translator.load("runs/a", search=Greedy(0.1, 10)).translate([source])[0]
    for said in ("computing in float32 on", "update 1  loss", "validation after update 2: loss"):
        assert said in error
    assert "python -m nmt.translate run=runs/a < FILE" in error
    scores = json.loads((tmp_path / "runs/a/scores.json").read_text())
    assert scores["signatures"]["bleu"].startswith("nrefs:1|")
    assert scores["values"]["perplexity"] > 1
    records = [json.loads(one) for one in (tmp_path / "runs/a/metrics.jsonl").open()]
    assert [(one["kind"], one["update"]) for one in records] == [
        ("update", 1),
        ("update", 2),
        ("validation", 2),
        ("update", 3),
        ("update", 4),
        ("validation", 4),
        ("average", 4),
    ]


def test_a_trained_model_has_a_lexicon_that_shortlists_are_made_by(command, tmp_path):
    assert command("run=runs/a")[0] == 0
    (prepared,) = (tmp_path / "prepared").iterdir()
    stored = (tmp_path / "runs/a/lexicon.safetensors").read_bytes()
    assert stored == (prepared / "lexicon.safetensors").read_bytes()
    assert sorted(checksums.read(tmp_path / "runs/a")) == [
        "config.yaml",
        "lexicon.safetensors",
        "model.safetensors",
        "scores.json",
        "sentencepiece.model",
    ]
    lines = starter("valid.de")[160:163]
    narrow = replace(DEFAULT, shortlist=LexicalShortlist(2, 1))
    translator = Translator.load("runs/a", search="greedy", options=narrow)
    choose = LexicalShortlist(2, 1)(
        SavedTranslationModel.load(
            inspect(tmp_path / "runs/a", ("model",), ()), torch.device("cpu")
        ).lexicon
    )
    for line, found in zip(lines, translator.stream(lines), strict=True):
        ids = [*translator.tokenizers.source.encode(line), END]
        own = set(translator.tokenizers.target.pieces(choose(np.array([ids])).ids.tolist()))
        written = found.candidates[0].pieces
        assert written and set(written) <= own


def test_the_same_command_again_says_that_all_is_done_and_goes_on_if_a_bound_is_raised(command):
    assert command("run=runs/a")[0] == 0
    status, out, error = command("run=runs/a")
    assert (status, out) == (0, "")
    assert error.endswith("finished (updates=4 reached); to continue, raise its limits\n")
    status, out, error = command("run=runs/a", "updates=6", "schedule.peak_rate=0.001")
    assert (status, out.splitlines()[0]) == (0, "run runs/a")
    assert "resuming after update 4" in error


def test_an_interrupted_training_says_how_to_go_on_and_goes_on(command, monkeypatch):
    own = "objective._target_=helpers.user_classes.Stopping"
    with pytest.raises(SystemExit) as stopped:
        command("run=runs/a", own)
    assert stopped.value.code == 143
    monkeypatch.setenv("GO_ON", "yes")
    status, _, error = command("run=runs/a", own)
    assert status == 0
    assert "everything is saved, the same command resumes: python -m nmt.train data=files" in error
    assert "resuming after update 3" in error


def told(folder):
    return yaml.safe_load((folder / "runs/a/training/config.yaml").read_text())


def test_other_settings_are_refused_by_name(command, tmp_path):
    assert command("run=runs/a")[0] == 0
    before = told(tmp_path)
    status, out, error = command("run=runs/a", "model.layers=3")
    assert (status, out) == (2, "")
    assert error.splitlines()[-1] == (
        "error: run=runs/a was started with model.layers=2 and cannot continue with"
        " model.layers=3; use model.layers=2 again, start another run=NAME, or let this one"
        " continue with the new value by resumption=fork"
    )
    assert told(tmp_path) == before


@pytest.mark.slow
def test_a_fork_goes_on_with_other_settings_says_which_and_remembers_them(command, tmp_path):
    assert command("run=runs/a")[0] == 0
    other = ("objective.smoothing=0.2", "updates=6")
    status, _, error = command("run=runs/a", "resumption=fork", *other)
    assert status == 0, error
    assert "run=runs/a continues with objective.smoothing=0.2 (before: 0.1)" in error
    assert "resuming after update 4" in error
    assert told(tmp_path)["forks"] == [{"update": 4, "keys": ["objective.smoothing"]}]
    assert command("run=runs/a", *other)[0] == 0, "what it was forked to is what it is now"
    assert (
        "smoothing=0.2 and cannot continue with objective.smoothing=0.1" in command("run=runs/a")[2]
    )
    assert len(told(tmp_path)["forks"]) == 1


def test_a_fork_to_another_network_is_refused_and_changes_nothing(command, tmp_path):
    assert command("run=runs/a")[0] == 0
    before = told(tmp_path)
    status, _, error = command("run=runs/a", "resumption=fork", "model.hidden_size=12", "updates=6")
    assert status == 2
    assert error.splitlines()[-1].startswith("error: the saved state does not fit this model: ")
    assert told(tmp_path) == before
    assert command("run=runs/a")[0] == 0


def test_a_second_process_is_refused_before_it_prepares_anything(command, tmp_path):
    with locks.locked(tmp_path / "runs/a/training"):
        status, _, error = command("run=runs/a")
    assert status == 2
    assert error.startswith(f"error: runs/a/training is being written by process {os.getpid()} on")
    assert error.endswith("; wait for its end, or start another run=NAME\n")
    assert not (tmp_path / "prepared").exists()


def test_a_damaged_model_is_made_again_by_the_same_command(command, tmp_path):
    assert command("run=runs/a")[0] == 0
    weights = tmp_path / "runs/a/model.safetensors"
    weights.unlink()
    status, out, error = command("run=runs/a")
    assert status == 0
    assert "the best model is missing or damaged; the next validation saves one" in error
    assert weights.exists() and out.startswith("run runs/a\n")


def test_a_lost_side_file_costs_no_model(command, tmp_path):
    assert command("run=runs/a")[0] == 0
    weights = (tmp_path / "runs/a/model.safetensors").read_bytes()
    (tmp_path / "runs/a/scores.json").unlink()
    assert command("run=runs/a")[2].endswith("to continue, raise its limits\n")
    assert (tmp_path / "runs/a/model.safetensors").read_bytes() == weights


def test_a_run_without_a_name_is_refused(command):
    assert command("run=''")[2] == "error: run=: expected the name of a folder\n"


@pytest.mark.parametrize(
    "text", ["", "[1", "corpus", "seed: 1", "corpus: 1\nforks: 3", "corpus: 1\nforks: [{}]"]
)
def test_damaged_settings_are_named(command, tmp_path, text):
    assert command("run=runs/a", "updates=1")[0] == 0
    (tmp_path / "runs/a/training/config.yaml").write_text(text)
    status, _, error = command("run=runs/a")
    assert status == 2
    assert error.splitlines()[-1].startswith("error: runs/a/training/config.yaml ")


def test_other_text_is_refused_and_a_fork_continues_with_it(command, tmp_path):
    assert command("run=runs/a")[0] == 0
    before = told(tmp_path)["corpus"]
    (tmp_path / "valid.de").write_text("Anders.\n" * 10)
    status, _, error = command("run=runs/a")
    assert status == 2
    assert f"run=runs/a was started with other text than there is now ({before}, now " in error
    assert "resumption=fork vocabulary=existing vocabulary.run=runs/a\n" in error
    # Another validation set leaves the vocabulary as it was, and its scores start anew.
    status, _, error = command("run=runs/a", "resumption=fork", "updates=5")
    assert status == 0, error
    assert "resuming after update 4" in error
    assert told(tmp_path)["forks"] == [{"update": 4, "keys": ["corpus"]}]
    records = (tmp_path / "runs/a/metrics.jsonl").read_text().splitlines()
    last = [one for one in map(json.loads, records) if one["kind"] == "validation"][-1]
    assert last["update"] == 5
    assert command("run=runs/a", "updates=5")[0] == 0, "the other text is now that of the run"


def test_a_fork_to_other_training_text_needs_the_vocabulary_of_the_run(command, tmp_path):
    assert command("run=runs/a")[0] == 0
    before = told(tmp_path)
    lines = (tmp_path / "train.de").read_text().splitlines()
    (tmp_path / "train.de").write_text("\n".join(line.upper() for line in lines) + "\n")
    status, _, error = command("run=runs/a", "resumption=fork", "updates=5")
    assert status == 2
    assert error.splitlines()[-1] == (
        "error: run=runs/a was trained with another vocabulary than this text gives; add"
        " vocabulary=existing vocabulary.run=runs/a"
    )
    assert told(tmp_path) == before
    existing = ("vocabulary=existing", "vocabulary.run=runs/a")
    status, _, error = command("run=runs/a", "resumption=fork", "updates=5", *existing)
    assert status == 0, error
    assert "corpus" in told(tmp_path)["forks"][0]["keys"]
    assert command("run=runs/a", "updates=5", *existing)[0] == 0


def test_a_setting_of_the_preparation_is_named_before_the_text_that_it_changes(command, tmp_path):
    assert command("run=runs/a")[0] == 0
    status, _, error = command("run=runs/a", "tokenizer.size=190")
    assert status == 2
    assert "run=runs/a was started with tokenizer.size=" in error.splitlines()[-1]


def test_a_model_without_its_training_is_not_overwritten(command, tmp_path):
    (tmp_path / "runs/a").mkdir(parents=True)
    (tmp_path / "runs/a/model.safetensors").write_bytes(b"precious")
    status, _, error = command("run=runs/a")
    assert status == 2
    assert "run=runs/a holds a model without its training, which would be lost" in error
    assert (tmp_path / "runs/a/model.safetensors").read_bytes() == b"precious"


def test_a_broken_test_set_is_named_before_any_training(command, tmp_path):
    (tmp_path / "test.en").write_text("One line.\n")
    status, _, error = command("run=runs/a")
    assert status == 2
    assert "test.de has 3 lines but test.en has 1" in error
    assert not (tmp_path / "runs").exists()


def test_data_without_a_test_set_is_validated_only(command):
    status, out, error = command("run=runs/a", "data.test=null")
    assert status == 0
    assert len(out.splitlines()) == 2
    assert "python -m nmt.evaluate run=runs/a source=FILE target=FILE\n" in error


def test_text_of_one_language_is_not_translated_into_itself(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["data=text", "data.train.paths=a.en", "data.valid.paths=b.en"]
    monkeypatch.setattr(sys, "argv", ["nmt.train", *arguments])
    assert run("train", train) == 2
    error = capsys.readouterr().err
    assert "data.train is text of one language, but a translation model needs pairs" in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("epochs=-1.0", "epochs=-1.0: expected a number above 0"),
        ("device=gpu", "device=gpu is no device; expected auto, cpu, cuda or cuda:NUMBER"),
        ("threads=0", "threads=0: expected a whole number, 1 to 1024"),
        ("seed=-1", "seed=-1: expected 0 to 4294967295"),
        (
            "criterion.name=meteor",
            "criterion.name=meteor is not a value of the validation; expected one",
        ),
        ("objective.smoothing=2.0", "objective.smoothing=2.0: expected a number from 0 to 1"),
        ("schedule=cosine", "schedule=cosine: there is no such choice (nearest: warmup_cosine)"),
    ],
)
def test_wrong_values_are_refused_in_one_line(command, argument, message):
    status, out, error = command("run=runs/a", argument)
    assert (status, out) == (2, "")
    assert error.splitlines()[-1].startswith(f"error: {message}")


STORED = {"seed": 1, "epochs": 3, "schedule": {"_target_": "a", "peak_rate": 0.1}, "list": [1, 2]}


def test_bounds_and_the_rate_may_change_on_resumption():
    now = {**STORED, "epochs": 5, "schedule": {"_target_": "a", "peak_rate": 0.2}}
    assert changes(STORED, now, ("epochs", "schedule.peak_rate")) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"seed": 2}, SettingChange("seed", "1", "2")),
        ({"list": [1]}, SettingChange("list", "[1, 2]", "[1]")),
        ({"new": None}, SettingChange("new", "(absent)", "null")),
        (
            {"schedule": {"_target_": "b", "peak_rate": 0.1}},
            SettingChange("schedule._target_", "a", "b"),
        ),
        ({"schedule": None}, SettingChange("schedule", "(absent)", "null")),
    ],
)
def test_any_other_change_is_found_with_both_values(change, found):
    assert changes(STORED, {**STORED, **change}, ("epochs", "list.0"))[0] == found


def test_a_training_starts_from_another_run_and_resumes_without_it(command, tmp_path):
    status, _, error = command("run=runs/a")
    assert status == 0, error
    for run_, more in (("b", ()), ("c", ("initial=runs/a",)), ("d", ("initial=runs/a",))):
        vocabulary = ("vocabulary=existing", "vocabulary.run=runs/a")
        settings = (f"run=runs/{run_}", *vocabulary, "seed=9", "updates=1", "averaging=none")
        status, _, error = command(*settings, *more)
        assert status == 0, error
    assert "starting from runs/a: " in error
    losses = {
        name: json.loads((tmp_path / f"runs/{name}/metrics.jsonl").read_text().splitlines()[0])
        for name in "bcd"
    }
    assert losses["c"]["loss"] < losses["b"]["loss"]
    assert losses["c"]["loss"] == losses["d"]["loss"]
    (tmp_path / "runs/a").rename(tmp_path / "runs/moved")
    vocabulary = ("vocabulary=existing", "vocabulary.run=runs/moved")
    status, _, error = command(
        "run=runs/c", *vocabulary, "seed=9", "updates=2", "averaging=none", "initial=runs/a"
    )
    assert status == 0, error
    assert "resuming after update 1" in error


def test_a_search_of_validations_without_an_end_is_refused_before_training(command, tmp_path):
    words = ("search@validation_search=beam", "validation_search.size=99999999999")
    status, _, error = command("run=runs/a", *words)
    assert status == 2
    assert "'validation_search.size'=99999999999, but at most 1000 is allowed" in error
    assert not (tmp_path / "runs/a/training").exists()
