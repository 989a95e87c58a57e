"""nmt.export, and nmt.translate on what it writes: translations without torch, and refusals."""

import io
import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.exported_models import export_model
from helpers.folders import seal
from helpers.imports import COMMAND, ROOT, imported
from helpers.saved_models import LINES

from nmt.config.command_line import run
from nmt.data.lexicon.lexicon import TranslationLexicon
from nmt.data.special_ids import END
from nmt.inference.translator import Translator
from nmt.inspection.exported_folder import inspect
from nmt.runtime.errors import ModelError, NmtError
from nmt.search import greedy
from nmt.translate import translate

for extra in ("onnx", "onnxscript", "onnxruntime"):
    pytest.importorskip(extra, reason="the extra onnx is not installed")


LEXICON = TranslationLexicon(
    np.random.default_rng(1).integers(END + 1, 46, (46, 50)),
    END + 1 + np.random.default_rng(2).permutation(46 - END - 1),
)


def with_lexicon(model, folder):
    copied = Path(shutil.copytree(model, folder))
    (copied / "lexicon.safetensors").write_bytes(LEXICON.to_bytes())
    seal(copied)
    return copied


@pytest.fixture(scope="module")
def saved(saved_model, tmp_path_factory):
    return with_lexicon(saved_model, tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="module")
def float32(exported_model, tmp_path_factory):
    return with_lexicon(exported_model, tmp_path_factory.mktemp("exported") / "float32")


def command(monkeypatch, capfd, given, *arguments):
    """Run nmt.translate in this process; give status, output and log."""
    monkeypatch.setattr(sys, "argv", ["nmt.translate", *arguments])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    handlers, level = logging.root.handlers[:], logging.root.level
    status = run("translate", translate)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    output = capfd.readouterr()
    return status, output.out, output.err


@pytest.mark.parametrize("name", ["greedy", "beam"])
def test_the_engine_without_torch_translates_as_that_with_torch(
    monkeypatch, capfd, saved, float32, name
):
    given = "".join(f"{line}\n" for line in ["", *LINES, "Der Hund " * 60]).encode()
    arguments = [f"search={name}", "output_format=jsonl", "search.length_extra=3"]
    theirs = command(monkeypatch, capfd, given, f"run={saved}", *arguments)
    ours = command(
        monkeypatch, capfd, given, f"run={float32}", "engine=onnxruntime", "threads=1", *arguments
    )
    assert ours[0] == theirs[0] == 0
    for one, other in zip(ours[1].splitlines(), theirs[1].splitlines(), strict=True):
        one, other = json.loads(one), json.loads(other)
        assert one["source"] == other["source"]
        for hypothesis, expected in zip(one["hypotheses"], other["hypotheses"], strict=True):
            assert hypothesis["text"] == expected["text"]
            assert hypothesis["score"] == pytest.approx(expected["score"], rel=1e-5, abs=1e-3)


def test_the_engine_imports_no_torch(float32, tmp_path):
    words = ["engine=onnxruntime", f"run={float32}"]
    modules = imported(COMMAND, "nmt.translate", *words, cwd=tmp_path)
    assert "onnxruntime" in modules
    assert not modules & {"torch", "onnx", "pyarrow", "sacrebleu"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run=runs/none"], "holds no exported model (step.onnx is missing); write one with: pyth"),
        (["run={saved}"], "holds a trained model, none that was exported; leave engine= out, or"),
        (["run=[{ours},{ours}]"], "expected one exported model; engine=torch runs several"),
        (["run={ours}", "fusion.run=runs/lm"], "fusion.run=runs/lm: expected none, as only"),
        (["run={ours}", "device=cuda"], "device=cuda: expected cpu, as only engine=torch"),
        (["run={ours}", "threads=0"], "threads=0: expected a whole number, 1 to 1024"),
        (["run={ours}", "search=sample"], "engine=onnxruntime has search=beam and search=greedy"),
        (["run={ours}", "shortlist=lexical"], "lexicon.safetensors is missing: the model was expo"),
        (["run={ours}", "search.size=0"], "search.size=0: expected 1 or more"),
    ],
)
def test_errors_of_the_engine_are_one_line(
    monkeypatch, capfd, saved_model, exported_model, arguments, message
):
    words = [word.format(saved=saved_model, ours=exported_model) for word in arguments]
    status, out, err = command(monkeypatch, capfd, b"Hund\n", "engine=onnxruntime", *words)
    assert (status, out) == (2, "")
    assert message in err and err.count("\n") == 1


def test_an_export_into_a_folder_of_other_files_is_refused(saved):
    with pytest.raises(NmtError, match=r"holds other files, as \w+; expected a new folder"):
        export_model(saved, saved)


@pytest.mark.slow
def test_an_export_replaces_an_older_one(saved, exported_model, tmp_path):
    copied = Path(shutil.copytree(exported_model, tmp_path / "copied"))
    shutil.copy(copied / "sentencepiece.model", copied / "sentencepiece.source.model")
    export_model(saved, copied, "number_format=int8", "number_format.smallest=4")
    assert "Int8" in (copied / "export.yaml").read_text()
    assert not (copied / "sentencepiece.source.model").exists()
    assert (copied / "lexicon.safetensors").read_bytes() == LEXICON.to_bytes()
    assert len(inspect(copied)["step.onnx"]) != len(inspect(exported_model)["step.onnx"])


def test_an_exported_model_has_a_lexicon_for_shortlists(monkeypatch, capfd, saved, float32):
    given = "".join(f"{line}\n" for line in LINES).encode()
    words = ["shortlist=lexical", "shortlist.frequent=5", "shortlist.translations=2"]
    theirs = command(monkeypatch, capfd, given, f"run={saved}", *words)
    ours = command(monkeypatch, capfd, given, f"run={float32}", "engine=onnxruntime", *words)
    everything = command(monkeypatch, capfd, given, f"run={float32}", "engine=onnxruntime")
    assert ours[:2] == theirs[:2]
    assert ours[0] == 0 and ours[1] != everything[1]


@pytest.mark.parametrize("engine", ["torch", "onnxruntime"])
def test_a_lexicon_of_another_vocabulary_is_refused(
    monkeypatch, capfd, saved, float32, tmp_path, engine
):
    spoilt = Path(shutil.copytree(saved if engine == "torch" else float32, tmp_path / "spoilt"))
    lexicon = TranslationLexicon(LEXICON.translations, LEXICON.frequent[1:])
    (spoilt / "lexicon.safetensors").write_bytes(lexicon.to_bytes())
    seal(spoilt)
    words = [f"run={spoilt}", f"engine={engine}", "shortlist=lexical"]
    status, _, err = command(monkeypatch, capfd, b"Hund\n", *words)
    assert status == 2
    assert "expected frequent of 42 target pieces" in err and err.count("\n") == 1


def test_an_altered_lexicon_of_an_exported_model_is_refused(float32, tmp_path):
    copied = Path(shutil.copytree(float32, tmp_path / "copied"))
    (copied / "lexicon.safetensors").write_bytes(LEXICON.to_bytes()[:-1])
    with pytest.raises(ModelError, match=r"lexicon\.safetensors is not what it was"):
        inspect(copied)


def test_the_example_without_torch_translates_as_greedy_search_does(saved, float32):
    example = [str(ROOT / "examples" / "translate_onnx.py"), str(float32)]
    given = "".join(f"{line}\n" for line in ["", *LINES])
    code = "import runpy, sys; sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
    code += "; assert not {'torch', 'nmt'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *example], input=given, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    translator = Translator.load(saved, greedy.Greedy(2.0, 10), device="cpu")
    assert done.stdout.splitlines() == ["", *translator.translate(LINES)]
