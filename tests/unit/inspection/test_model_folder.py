"""Folders of saved models that are damaged, or made by somebody who means harm."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from helpers import small_run
from helpers.folders import change, seal
from safetensors.numpy import save as serialise

from nmt.data.lexicon.lexicon import TranslationLexicon
from nmt.data.ragged import Ragged
from nmt.inference.translator import Translator
from nmt.inspection.config_values import MAX_DEPTH
from nmt.inspection.model_folder import ANY, inspect
from nmt.runtime.errors import ModelError

IDENTITY = "torch.nn.Identity"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "run"
    small_run.save(folder)
    shutil.rmtree(folder / "training")
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "run"))


def refused(folder):
    with pytest.raises(ModelError) as caught:
        inspect(folder, ANY, ())
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


def deep(levels):
    return {"cell": deep(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c["model"].update(a=deep(MAX_DEPTH)), "is nested too deeply"),
        (lambda c: c["model"].update(_args_=[1]), "the key '_args_'"),
        (lambda c: c["model"].update(a="/etc/passwd"), "which is no value of a saved model"),
        (
            lambda c: c["model"]["encoder"].update(layers=10**9),
            "has 'layers'=1000000000, but no tensor is larger than 10000",
        ),
        (lambda c: c["model"]["encoder"].update(layers=500), "but there are fewer tensors"),
        (
            lambda c: c["model"]["encoder"].update(hidden_size=10**6),
            "but no tensor is larger than 10000",
        ),
        (
            lambda c: c["search"].update(size=10**6),
            "'search.size'=1000000, but at most 1000 is allowed",
        ),
        (lambda c: c["search"].update(length_factor=1e9), "'search.length_factor'=1000000000.0"),
        (lambda c: c.update(model=3), "describes no translation model: model has no keys"),
        (lambda c: c.update(language_model={}), "format, or the model, is missing"),
        (lambda c: c.update(format=True), "has format True, this program reads format 3"),
        (lambda c: c.update(format="3"), "has format '3', this program reads format 3"),
    ],
)
def test_a_configuration_that_is_not_allowed_or_too_large_is_refused(copied, edit, message):
    change(copied, edit)
    assert message in refused(copied)


def test_a_part_that_is_repeated_within_itself_is_refused(copied):
    cell = {"_target_": "nmt.models.cells.lstm.LSTM", "_partial_": True, "forget_bias": 1.0}
    for _ in range(6):
        cell = {
            "_target_": "nmt.models.cells.deep_transition.DeepTransition",
            "_partial_": True,
            "cell": cell,
            "depth": 10,
        }
    change(copied, lambda config: config["model"]["encoder"].update(cell=cell))
    assert "has 'depth'=10, but there are fewer tensors" in refused(copied)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c["model"].pop("encoder"), "describes no model: KeyError: 'encoder'"),
        (lambda c: c["model"].update(encoder=3), "describes no model: Cannot instantiate"),
        (lambda c: c["model"]["encoder"].pop("layers"), "describes no model"),
        (lambda c: c["model"]["encoder"].update(lyers=3), "lyers: .* has no such value"),
        (
            lambda c: c["model"]["encoder"]["cell"].update(_target_="nmt.models.cells.cell.Cell"),
            "describes no model",
        ),
    ],
)
def test_incompatible_classes_are_a_one_line_error(copied, edit, message):
    change(copied, edit)
    with pytest.raises(ModelError, match=message) as caught:
        Translator.load(copied, device="cpu")
    assert "\n" not in str(caught.value)


def nodes(node, path=()):
    """Yield the paths of all nodes with a class."""
    for key, value in node.items():
        if isinstance(value, dict):
            if "_target_" in value:
                yield (*path, key)
            yield from nodes(value, (*path, key))


def test_a_class_of_another_key_is_refused_at_every_node(copied):
    config = yaml.safe_load((copied / "config.yaml").read_text())
    paths = [path for path in nodes(config) if path[-1] != "normalization"]
    assert {path[-1] for path in paths} > {"search", "tying", "encoder", "cell", "stack"}
    for path in paths:
        for partial in (True, False):

            def replace(node, path=path, partial=partial):
                for key in path[:-1]:
                    node = node[key]
                node[path[-1]] = {"_target_": IDENTITY, "_partial_": partial}

            (copied / "config.yaml").write_text(yaml.safe_dump(config))
            change(copied, replace)
            assert f"names '{IDENTITY}' as '{path[-1]}', which is no class" in refused(copied)


def link(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def folder_instead(path):
    path.unlink()
    path.mkdir()


def huge(path):
    os.truncate(path, 1 << 42)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (link, "is a symbolic link, which a model may not contain; replace it by the file"),
        (pipe, "is not a regular file; copy the model's folder again"),
        (folder_instead, "is not a regular file"),
        (huge, "bytes; expected at most"),
    ],
)
@pytest.mark.parametrize(
    "name",
    ["SHA256SUMS", "config.yaml", "model.safetensors", "scores.json", "sentencepiece.model"],
)
def test_only_regular_files_of_their_size_are_read(copied, name, spoil, message):
    spoil(copied / name)
    assert f"{copied / name} " in (found := refused(copied))
    assert message in found


def test_checksums_of_other_files_are_ignored(copied):
    os.mkfifo(copied / "pipe")
    with (copied / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  pipe\n")
    inspect(copied, ANY, ())


def test_the_folder_itself_may_be_a_link(copied, tmp_path):
    (tmp_path / "link").symlink_to(copied)
    inspect(tmp_path / "link", ANY, ())


@pytest.mark.parametrize(
    "name", ["config.yaml", "model.safetensors", "scores.json", "sentencepiece.model"]
)
def test_an_altered_truncated_or_missing_file_is_named(copied, name):
    path = copied / name
    data = path.read_bytes()
    for damaged in (data[:-1], data[:-1] + bytes([data[-1] ^ 1]), b""):
        path.write_bytes(damaged)
        message = refused(copied)
        assert message.startswith(f"{path} is not what it was when it was written: it was altered")
    remedy = message.partition("if you changed it yourself: ")[2]
    path.write_bytes(data + b"\n" if name == "config.yaml" else data)
    subprocess.run(remedy, shell=True, check=True)
    inspect(copied, ANY, ())
    path.unlink()
    assert f"{path} is missing" in refused(copied) or "holds no trained model" in refused(copied)


def test_checksums_that_are_broken_missing_or_incomplete_are_refused(copied):
    sums = copied / "SHA256SUMS"
    text = sums.read_text()
    sums.write_text(text.replace("  ", " "))
    assert "it was altered or truncated" in refused(copied)
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        sums.write_text("".join(lines[:number] + lines[number + 1 :]))
        assert refused(copied).startswith(f"{copied / line.split()[1]} is not what it was")
    sums.unlink()
    assert f"{sums} is missing; copy the model's folder again" in refused(copied)


@pytest.mark.parametrize("number", [1, 2])
def test_an_older_format_is_refused_in_one_line_with_the_remedy(copied, number):
    change(copied, lambda config: config.update(format=number))
    if number == 1:
        (copied / "SHA256SUMS").unlink()
    assert refused(copied) == (
        f"{copied / 'config.yaml'} has format {number}, this program reads format 3; train again"
        " with this version, or use the version of nmt that wrote it"
    )


def test_integers_are_not_accepted_as_weights(copied):
    data = (copied / "model.safetensors").read_bytes()
    (copied / "model.safetensors").write_bytes(data.replace(b'"F32"', b'"I64"', 1))
    seal(copied)
    assert "has another number of bytes" in refused(copied)
    (copied / "model.safetensors").write_bytes(serialise({"a": np.zeros(200, np.int64)}))
    seal(copied)
    assert "'a' is of dtype I64; weights of a network are F32" in refused(copied)


def test_a_vocabulary_of_another_size_is_refused(copied):
    data = small_run.tokenizer().data
    (copied / "sentencepiece.model").write_bytes(data + b"\n\6\n\4more")
    seal(copied)
    message = refused(copied)
    assert (
        "sentencepiece.model has 201 pieces, but no tensor of model.safetensors has as" in message
    )


def lexicon(pieces):
    """Return the bytes of an empty lexicon for vocabularies of this size."""
    empty = Ragged.from_lists([])
    return TranslationLexicon.learn(empty, empty, pieces, pieces).to_bytes()


def test_a_lexicon_is_checked_like_all_files(copied):
    path = copied / "lexicon.safetensors"
    size = Translator.load(copied, device="cpu").tokenizers.source.size
    path.write_bytes(lexicon(size))
    seal(copied)
    inspect(copied, ("model",), ())
    path.write_bytes(lexicon(size)[:-8])
    with pytest.raises(ModelError, match=r"lexicon\.safetensors is not what it was"):
        inspect(copied, ("model",), ())
    seal(copied)
    with pytest.raises(ModelError, match=r"lexicon\.safetensors cannot be read: its tensors have"):
        inspect(copied, ("model",), ())
    path.write_bytes(lexicon(size + 1))
    seal(copied)
    expected = f"not this model's lexicon: expected translations for {size} source pieces; copy"
    with pytest.raises(ModelError, match=expected):
        inspect(copied, ("model",), ())
    path.unlink()
    path.symlink_to("model.safetensors")
    with pytest.raises(ModelError, match=r"lexicon\.safetensors is a symbolic link"):
        inspect(copied, ("model",), ())
