import hashlib
import json
from pathlib import Path

import pytest
import torch
from folders import change, seal
from networks import batch

from nmt import bundle
from nmt.build import plain, translation_model
from nmt.bundle import Bundle
from nmt.command_line import configuration
from nmt.errors import ModelError
from nmt.pieces import Unigram
from nmt.resources import folder
from nmt.tokenizer import Tokenizers

CPU = torch.device("cpu")
LINES = (folder("data/starter") / "valid.de").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with a small saved model, and the network that was saved."""
    tokenizer = Unigram(200, 1.0, (), False, "nmt_nfkc", 1000, 1).train(LINES)
    overrides = ["model.hidden_size=8", "model.embedding_size=8"]
    config = configuration("train", overrides, ())
    torch.manual_seed(1)
    model = translation_model(plain(config.model), tokenizer.size, tokenizer.size)
    folder = tmp_path_factory.mktemp("run")
    settings = {"model": plain(config.model), "search": plain(config.search)}
    scores = {"metric": "BLEU", "value": 1.5}
    tokenizers = Tokenizers(tokenizer, tokenizer)
    bundle.save(folder, dict(model.named_parameters()), settings, tokenizers, scores)
    return folder, model.eval()


@pytest.fixture
def copied(saved, tmp_path):
    """A copy of the saved folder that a test may spoil."""
    for path in saved[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_what_is_loaded_computes_what_was_saved(saved):
    folder, model = saved
    loaded = Bundle.load(folder, (), CPU)
    pairs = batch()
    assert torch.equal(loaded.model(pairs), model(pairs))
    assert not loaded.model.training
    assert loaded.tokenizers.source.encode(LINES[0])
    assert json.loads((folder / "scores.json").read_text()) == {
        "weights_sha256": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
        "metric": "BLEU",
        "value": 1.5,
    }


def test_tied_tables_are_still_one_after_loading(saved):
    model = Bundle.load(saved[0], (), CPU).model
    assert model.embedding.weight is model.decoder.output.weight


def test_nothing_but_the_named_files_is_left_in_the_folder(saved):
    names = {path.name for path in saved[0].iterdir()}
    assert names == {
        "SHA256SUMS",
        "model.safetensors",
        "config.yaml",
        "scores.json",
        "sentencepiece.model",
    }


def test_a_folder_without_a_model_says_how_to_train_one():
    with pytest.raises(ModelError, match=r"runs/none holds no trained model .*train run=runs/none"):
        Bundle.load(Path("runs/none"), (), CPU)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c.update(format=3), "has format 3, this program reads formats 1 and 2"),
        (lambda c: c.pop("model"), "format, or the model, is missing"),
        (lambda c: c["model"]["cell"].update(_target_="os.system"), "names 'os.system'"),
        (lambda c: c["model"]["encoder"].update(hidden_size=10), "has the shape"),
        (lambda c: c["model"]["encoder"].update(layers=3), "does not fit its configuration"),
        (lambda c: c["search"].update(_target_="os.system"), "names 'os.system'"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(copied, edit, message):
    change(copied, edit)
    with pytest.raises(ModelError, match=message):
        Bundle.load(copied, (), CPU)


def test_a_file_that_is_no_configuration_is_refused(copied):
    (copied / "config.yaml").write_bytes(b"\xff\xfe: [")
    seal(copied)
    with pytest.raises(ModelError, match=r"config.yaml cannot be read"):
        Bundle.load(copied, (), CPU)


@pytest.mark.parametrize("part", [0, 1, 100, -1])
def test_weights_that_were_cut_off_are_refused(copied, part):
    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:part])
    seal(copied)
    with pytest.raises(ModelError, match=r"model.safetensors cannot be read"):
        Bundle.load(copied, (), CPU)
