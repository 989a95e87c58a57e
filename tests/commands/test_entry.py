"""`nmt COMMAND` and `python -m nmt COMMAND`, and commands that are called from Python."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import small_run

import nmt
from nmt.__main__ import main

ROOT = Path(__file__).parents[2]


def python(*arguments, text=""):
    return subprocess.run(
        [sys.executable, "-m", *arguments], input=text, capture_output=True, text=True, cwd=ROOT
    )


def test_without_a_command_all_commands_are_listed_with_descriptions(capsys):
    assert main([]) == 0
    text = capsys.readouterr().out
    for name in (path.stem for path in (ROOT / "conf").glob("[!_]*.yaml")):
        assert f"\n  {name} " in text
        assert (ROOT / "nmt" / f"{name}.py").exists()
    assert "  translate             Translates text line by line.\n" in text
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == text


def test_the_version_is_that_of_the_package():
    done = python("nmt", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"nmt {nmt.__version__}\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["translate", "--help"]])
def test_help_for_a_full_disk_ends_in_one_line(arguments):
    command = [sys.executable, "-m", "nmt", *arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr == "error: standard output cannot be written: No space left on device\n"


def test_a_command_that_does_not_exist_is_refused_with_the_nearest():
    done = python("nmt", "trian")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: 'trian' is no command (nearest: train")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "argument"),
    [("score", "--help"), ("score", "sed=3"), ("train-language-model", "sed=3")],
)
def test_a_command_behaves_as_its_module_does(name, argument):
    done, same = python("nmt", name, argument), python(f"nmt.{name.replace('-', '_')}", argument)
    assert done.stdout == same.stdout
    assert done.stderr == same.stderr
    assert done.returncode == same.returncode == (0 if argument == "--help" else 2)


@pytest.mark.slow
def test_a_command_reads_and_writes_standard_streams(tmp_path):
    run = small_run.save(tmp_path / "a")
    lines = "".join(f"Der Hund {number}.\n" for number in range(100))
    arguments = [f"run={run}", "search=greedy", "windows.sentences=4", "workers=2"]
    done, same = (
        python(*name, *arguments, text=lines) for name in (("nmt", "translate"), ("nmt.translate",))
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == same.stdout
    assert done.stdout.count("\n") == 100


@pytest.mark.slow
def test_several_processes_train_when_python_calls_the_command(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    pairs = [*zip(small_run.starter("valid.de"), small_run.starter("valid.en"), strict=True)]
    (tmp_path / "a.tsv").write_text("".join(f"{one}\t{two}\n" for one, two in pairs[:60]))
    arguments = [
        *("data=tsv", "data.train.paths=a.tsv", "data.valid.paths=a.tsv", "run=runs/a"),
        *("tokenizer.size=200", "model.hidden_size=8", "updates=2", "workers=2", "logger=default"),
    ]
    before = list(sys.argv)
    with caplog.at_level("INFO"):
        assert nmt.train(*arguments) == Path("runs/a")
    assert "training with 2 processes" in caplog.text
    assert sys.argv == before
    scores = json.loads((tmp_path / "runs/a/scores.json").read_text())
    assert scores["values"]["loss"] > 0
    with pytest.raises(nmt.NmtError, match=r"^run=runs/a was started with seed=1"):
        nmt.train(*arguments, "seed=2")
