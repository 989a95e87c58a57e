import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from helpers import small_run
from helpers.folders import change, seal
from helpers.networks import batch
from safetensors.torch import load_file

from nmt.config.command_line import configuration
from nmt.config.instantiate import plain
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.tokenization.training import UnigramTrainer
from nmt.inspection.model_folder import ANY, inspect
from nmt.models.factory import translation_model
from nmt.models.saved.folder import write
from nmt.models.saved.translation_model import SavedTranslationModel, save_translation_model
from nmt.runtime.errors import ModelError
from nmt.runtime.package_files import folder

CPU = torch.device("cpu")
SMALL = ("model.hidden_size=8", "model.embedding_size=8")
LINES = (folder("data/starter") / "valid.de").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return a folder with a small saved model, and the network that was saved."""
    tokenizer = UnigramTrainer(200, 1.0, (), False, "nmt_nfkc", 1000, 1).train(LINES)
    config = configuration("train", SMALL, ())
    torch.manual_seed(1)
    model = translation_model(plain(config.model), tokenizer.size, tokenizer.size)
    folder = tmp_path_factory.mktemp("run")
    settings = {"model": plain(config.model), "search": plain(config.search)}
    scores = {"metric": "BLEU", "value": 1.5}
    tokenizers = Tokenizers(tokenizer, tokenizer)
    save_translation_model(folder, dict(model.named_parameters()), settings, tokenizers, scores)
    return folder, model.eval()


@pytest.fixture
def copied(saved, tmp_path):
    """Return a copy of the saved folder, to be damaged."""
    for path in saved[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_loaded_model_computes_what_the_saved_one_does(saved):
    folder, model = saved
    loaded = SavedTranslationModel.load(inspect(folder, ("model",), ()), CPU)
    pairs = batch()
    with torch.no_grad():  # products of training may be another library's
        assert torch.equal(loaded.model(pairs), model(pairs))
    assert not loaded.model.training
    assert loaded.tokenizers.source.encode(LINES[0])
    assert json.loads((folder / "scores.json").read_text()) == {
        "weights_sha256": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
        "metric": "BLEU",
        "value": 1.5,
    }


def test_tied_tables_stay_tied_after_loading(saved):
    model = SavedTranslationModel.load(inspect(saved[0], ("model",), ()), CPU).model
    assert model.embedding.weight is model.decoder.output.weight


def test_a_folder_holds_no_other_files(saved):
    names = {path.name for path in saved[0].iterdir()}
    assert names == {
        "SHA256SUMS",
        "model.safetensors",
        "config.yaml",
        "scores.json",
        "sentencepiece.model",
    }


def test_a_folder_without_a_model_is_rejected_with_the_command_that_trains_one():
    with pytest.raises(ModelError, match=r"runs/none holds no trained model .*train run=runs/none"):
        SavedTranslationModel.load(inspect(Path("runs/none"), ("model",), ()), CPU)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c.update(format=4), "has format 4, this program reads format 3"),
        (lambda c: c.pop("model"), "format, or the model, is missing"),
        (lambda c: c["model"]["cell"].update(_target_="os.system"), "names 'os.system'"),
        (lambda c: c["model"]["encoder"].update(hidden_size=10), "has the shape"),
        (lambda c: c["model"]["encoder"].update(layers=3), "does not fit its configuration"),
        (lambda c: c["search"].update(_target_="os.system"), "names 'os.system'"),
    ],
)
def test_a_configuration_that_does_not_fit_is_rejected(copied, edit, message):
    change(copied, edit)
    with pytest.raises(ModelError, match=message):
        SavedTranslationModel.load(inspect(copied, ("model",), ()), CPU)


def test_a_file_that_is_no_configuration_is_rejected(copied):
    (copied / "config.yaml").write_bytes(b"\xff\xfe: [")
    seal(copied)
    with pytest.raises(ModelError, match=r"config.yaml cannot be read"):
        SavedTranslationModel.load(inspect(copied, ("model",), ()), CPU)


@pytest.mark.parametrize("part", [0, 1, 100, -1])
def test_truncated_weights_are_rejected(copied, part):
    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:part])
    seal(copied)
    with pytest.raises(ModelError, match=r"model.safetensors cannot be read"):
        SavedTranslationModel.load(inspect(copied, ("model",), ()), CPU)


class Killed(BaseException):
    """Simulates SIGKILL: nothing runs after it, not even clean-up."""


def killed(monkeypatch, count, write, folder):
    """Write, but stop before file operation `count`, from 0; return whether it was reached."""
    done = []

    def counted(operation):
        def call(*arguments, **named):
            if len(done) == count:
                raise Killed
            done.append(operation)
            return operation(*arguments, **named)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", counted(os.fsync))
        for name in ("replace", "unlink", "open", "mkdir"):
            patch.setattr(Path, name, counted(getattr(Path, name)))
        try:
            write(folder)
        except Killed:
            return True
    return False


def writer(folder):
    """Return a function that writes the model of a folder into another."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    del config["format"]
    weights = load_file(folder / "model.safetensors")
    vocabulary = {path.name: path.read_bytes() for path in folder.glob("sentencepiece*")}
    return lambda other: write(other, weights, config, {}, vocabulary)


def weights_of(folder):
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


@pytest.fixture
def quick(monkeypatch):
    """Skip waiting for the disk: a killed process loses nothing that it wrote."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["model", "recurrent", "ngram"])
def test_a_killed_writer_leaves_the_old_model_or_the_new_one(tmp_path, monkeypatch, kind):
    for seed, name in ((1, "old"), (2, "new")):
        if kind == "model":
            small_run.save(tmp_path / name, seed=seed)
            shutil.rmtree(tmp_path / name / "training")
        else:
            small_run.save_language(tmp_path / name, kind, seed)
    old, new = weights_of(tmp_path / "old"), weights_of(tmp_path / "new")
    seen, count, stopped, renew = [], 0, True, writer(tmp_path / "new")
    while stopped:
        folder = Path(shutil.copytree(tmp_path / "old", tmp_path / str(count)))
        stopped = killed(monkeypatch, count, renew, folder)
        inspect(folder, ANY, ())
        seen.append(weights_of(folder))
        scores = json.loads((folder / "scores.json").read_text())
        assert scores["weights_sha256"] in (old, seen[-1])
        renew(folder)
        inspect(folder, ANY, ())
        assert weights_of(folder) == new
        count += 1
    # Two records, weights and scores: each opened, flushed, renamed, its folder flushed.
    assert count > 16
    assert seen == sorted(seen, key=[old, new].index)
    assert set(seen) == {old, new}


@pytest.mark.usefixtures("quick")
def test_a_first_model_exists_whole_or_not_at_all(saved, tmp_path, monkeypatch):
    count, stopped, make = 0, True, writer(saved[0])
    while stopped:
        folder = tmp_path / str(count)
        stopped = killed(monkeypatch, count, make, folder)
        try:
            inspect(folder, ANY, ())
        except ModelError as error:
            assert "holds no trained model" in str(error) or "is missing, but" in str(error)
            assert stopped
        count += 1


def test_a_model_of_other_files_replaces_them_all(saved, copied):
    tokenizer = Tokenizers.load(copied).source
    other = UnigramTrainer(190, 1.0, (), False, "nmt_nfkc", 1000, 1).train(LINES)
    node = plain(configuration("train", ["model/tying=target", *SMALL], ()).model)
    model = translation_model(node, 200, 190)
    config = {"model": node, "search": {}}
    save_translation_model(
        copied, dict(model.named_parameters()), config, Tokenizers(tokenizer, other), {}
    )
    assert (
        SavedTranslationModel.load(inspect(copied, ("model",), ()), CPU).tokenizers.target.size
        == 190
    )
    assert not (copied / "sentencepiece.model").exists()
    save_translation_model(
        copied, dict(saved[1].named_parameters()), config, Tokenizers(tokenizer, tokenizer), {}
    )
    assert not (copied / "sentencepiece.source.model").exists()


@pytest.mark.parametrize("operations", range(9))  # so many until scores.json is replaced
def test_an_altered_model_is_not_taken_for_intact_by_the_next_writer(
    saved, copied, monkeypatch, operations
):
    (copied / "scores.json").write_text("{}")
    with pytest.raises(ModelError, match=r"scores\.json is not what it was"):
        inspect(copied, ANY, ())
    renew = writer(saved[0])
    assert killed(monkeypatch, operations, renew, copied)
    assert (copied / "SHA256SUMS").read_text().count("model.safetensors") == 1
    with pytest.raises(ModelError, match=r"scores\.json is not what it was"):
        inspect(copied, ANY, ())
    renew(copied)
    inspect(copied, ANY, ())
