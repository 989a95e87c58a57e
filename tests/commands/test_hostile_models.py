"""Commands refuse hostile models in one line, before they execute anything or import torch."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers import small_run
from helpers.folders import seal

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "run"
    small_run.save(folder)
    shutil.rmtree(folder / "training")
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "run"))


def plants(folder):
    """Return nodes that would create the file `planted`, directly or indirectly."""
    mark = folder / "planted"
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w').close()\nclass Cell: pass\n")
    return {
        "translate": {"_target_": "os.system", "command": f"touch {mark}"},
        "evaluate": {"_target_": "pathlib.Path.touch", "self": str(mark)},
        "score": {"_target_": "builtins.exec", "_args_": [f"open({str(mark)!r}, 'w')"]},
        "generate": {"_target_": "evil.Cell"},
        "rerank": {"_target_": "nmt.models.cells.lstm.torch.save", "obj": 1, "f": str(mark)},
        "contrast": {
            "_target_": "nmt.models.saved.translation_model.saved.atomic.write",
            "path": str(mark),
        },
        "gradients": {"_target_": "nmt.models.cells.evil.Cell"},
        "plot": {"_target_": "nmt.search.beam.torch.os.makedirs", "name": str(mark)},
        "arpa": {"_target_": "subprocess.Popen", "args": ["touch", str(mark)]},
    }


COMMANDS = {
    "translate": ["run={}"],
    "evaluate": ["hypotheses=[a]", "source=b", "target=c", "against=[{}]"],
    "score": ["run={}"],
    "generate": ["run={}"],
    "rerank": ["run={}"],
    "contrast": ["run=[{}]"],
    "gradients": ["run=[{}]"],
    "plot": ["attention", "input=Hund", "run={}"],
    "arpa": ["run={}", "output=a.arpa"],
}


def run(name, arguments, folder):
    """Run a command in a folder where `torch` is a module that leaves a mark."""
    (folder / "torch.py").write_text("open('torch-was-imported', 'w').close()\nraise SystemExit(9)")
    path = os.pathsep.join([str(folder), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", f"nmt.{name}", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_hostile_model_executes_nothing_and_is_refused_before_torch(copied, tmp_path, name):
    plant = plants(tmp_path)[name]
    node = "language_model" if name in ("generate", "arpa") else "model"
    config = {"format": 3, node: {"cell": plant}, "search": {}}
    (copied / "config.yaml").write_text(yaml.safe_dump(config))
    seal(copied)
    done = run(name, [argument.format(copied) for argument in COMMANDS[name]], tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "a saved model may" in done.stderr
    assert not (tmp_path / "planted").exists()
    assert not (tmp_path / "torch-was-imported").exists()


def test_the_language_model_of_a_fusion_is_checked_too(saved, copied, tmp_path):
    (copied / "config.yaml").write_text("format: 3\nlanguage_model: {_target_: os.system}\n")
    seal(copied)
    arguments = [f"run={saved}", f"fusion.run={copied}"]
    done = run("translate", arguments, tmp_path)
    assert (done.returncode, "names 'os.system'" in done.stderr) == (2, True)
    assert not (tmp_path / "torch-was-imported").exists()


def test_a_missing_model_and_help_do_not_import_torch(tmp_path):
    done = run("translate", ["run=none"], tmp_path)
    assert (done.returncode, "none holds no trained model" in done.stderr) == (2, True)
    done = run("translate", ["--help"], tmp_path)
    assert (done.returncode, "Translates text line by line" in done.stdout) == (0, True)
    assert not (tmp_path / "torch-was-imported").exists()


def test_the_corpus_that_a_run_names_is_checked_too(copied, tmp_path):
    (copied / "training").mkdir()
    node = {"data": {"test": {"_target_": "os.system", "command": "touch planted"}}}
    (copied / "training" / "config.yaml").write_text(yaml.safe_dump(node))
    done = run("evaluate", [f"run={copied}"], tmp_path)
    assert (done.returncode, "names 'os.system'" in done.stderr) == (2, True)
    assert not (tmp_path / "torch-was-imported").exists()
