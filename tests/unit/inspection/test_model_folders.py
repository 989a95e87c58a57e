"""Model folders that somebody made who means harm, or that were damaged."""

import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import torch
import yaml
from helpers import small_run
from helpers.folders import change, seal
from helpers.fuzzing import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.data.lexicon.lexicon import TranslationLexicon
from nmt.data.ragged import Ragged
from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import ScoredLine, load
from nmt.inference.translator import Translator
from nmt.inspection import safetensors, sentencepiece
from nmt.inspection.config_values import DEPTH, check
from nmt.inspection.model_folder import ANY, inspect
from nmt.runtime.errors import ModelError, NmtError

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")
LINES = ["Der Hund läuft hier.", "", "Das Kind sitzt."]


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


# What is executed: nothing, and torch is not even imported.


def plants(folder):
    """Targets that would create the file `planted`, directly and by detours."""
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


def command(name, arguments, folder):
    """Run a command where `torch` is a module that leaves a mark; give it, and its seconds."""
    (folder / "torch.py").write_text("open('torch-was-imported', 'w').close()\nraise SystemExit(9)")
    path = os.pathsep.join([str(folder), str(ROOT)])
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", f"nmt.{name}", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done, wall, processor


@pytest.mark.parametrize("name", COMMANDS)
def test_a_hostile_model_executes_nothing_and_is_refused_before_torch(copied, tmp_path, name):
    plant = plants(tmp_path)[name]
    node = "language_model" if name in ("generate", "arpa") else "model"
    config = {"format": 2, node: {"cell": plant}, "search": {}}
    (copied / "config.yaml").write_text(yaml.safe_dump(config))
    seal(copied)
    done, wall, processor = command(
        name, [argument.format(copied) for argument in COMMANDS[name]], tmp_path
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "a saved model may" in done.stderr
    assert not (tmp_path / "planted").exists()
    assert not (tmp_path / "torch-was-imported").exists()
    # Alone on a machine a third of this; the wall's five seconds allow for many tests at once.
    assert processor < 1
    assert wall < 5


def test_a_language_model_that_writes_along_is_looked_at_too(saved, copied, tmp_path):
    (copied / "config.yaml").write_text("format: 2\nlanguage_model: {_target_: os.system}\n")
    seal(copied)
    arguments = [f"run={saved}", f"fusion.run={copied}"]
    done, _, _ = command("translate", arguments, tmp_path)
    assert (done.returncode, "names 'os.system'" in done.stderr) == (2, True)
    assert not (tmp_path / "torch-was-imported").exists()


def test_a_model_that_is_not_there_and_help_need_no_torch(tmp_path):
    done, _, _ = command("translate", ["run=none"], tmp_path)
    assert (done.returncode, "none holds no trained model" in done.stderr) == (2, True)
    done, _, _ = command("translate", ["--help"], tmp_path)
    assert (done.returncode, "Translate standard input" in done.stdout) == (0, True)
    assert not (tmp_path / "torch-was-imported").exists()


def test_the_text_that_a_strangers_run_names_is_looked_at_too(copied, tmp_path):
    (copied / "training").mkdir()
    node = {"data": {"test": {"_target_": "os.system", "command": "touch planted"}}}
    (copied / "training" / "config.yaml").write_text(yaml.safe_dump(node))
    done, _, _ = command("evaluate", [f"run={copied}"], tmp_path)
    assert (done.returncode, "names 'os.system'" in done.stderr) == (2, True)
    assert not (tmp_path / "torch-was-imported").exists()


@pytest.mark.parametrize(
    "target",
    [
        "nmt.models.cells.lstm.os.makedirs",
        "nmt.models.cells.lstm.torch.load",
        "nmt.models.cells.lstm.LSTM.__init__",
        "nmt.models.cells.lstm.ProductCell",
        "nmt.search.beam.Hypothesis",
        "nmt.search.search.Hypothesis.__init__",
        "nmt.models.cells.__init__",
        "nmt.models.cells..lstm.LSTM",
        "nmt.models.cells.lstm.",
        ".nmt.cells.lstm.LSTM",
        "nmt.models.cells.nothing.LSTM",
        "nmt.models.cells/lstm.LSTM",
        "nmt.cellsevil.lstm.LSTM",
        "nmt.models.cells.lѕtm.LSTM",
        "nmt.models.cells.lstm.LSTM\n",
        "nmt.inspection.safetensors.Shape",
        "torch.nn.Linear",
        "LSTM",
        "",
        17,
        None,
        ["nmt.models.cells.lstm.LSTM"],
        {"_target_": "nmt.models.cells.lstm.LSTM"},
    ],
)
def test_only_classes_that_a_room_defines_itself_are_named(target):
    with pytest.raises(ModelError, match="is no class that a saved model may name"):
        check({"cell": {"_target_": target}}, (), "config.yaml")


def test_trust_is_only_suggested_for_packages_that_are_not_pythons_own():
    for target, way in (("mine.Cell", "add trust=[mine]"), ("os.system", ""), ("nmt.a.B", "")):
        with pytest.raises(ModelError) as caught:
            check({"_target_": target}, (), "config.yaml")
        assert str(caught.value).endswith(way or "which is no class that a saved model may name")


# Configurations that are no plain values, or ask for more than there is.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &b [1]\nmodel: *b\n", "line 1 has an anchor or an alias"),
        ("model: !!python/object/apply:os.system ['touch x']\n", "line 1 has a tag"),
        ("model: !!int '3'\n", "line 1 has a tag"),
        ("model: {<<: {a: 1}}\n", "line 1 has a key that is no word"),
        ("1: 2\n", "line 1 has a key that is no word"),
        ("model: {a: 1, a: 2}\n", "line 1 has the key 'a' again"),
        ("model: " + "[" * 5000, "line 1 is nested too deep"),
        ("model: 2001-99-99\n", "month must be in 1..12"),
        ("a: " + "1" * 5000, "Exceeds the limit"),
        ("- 1\n", "expected keys with their values"),
        ("a: 1\n---\nb: 2\n", "expected a single document"),
        ("a: '" + "x" * 40_000 + "'", "has 40005 bytes; expected at most 32768"),
    ],
)
def test_yaml_that_is_more_than_plain_values_is_refused(copied, text, message):
    (copied / "config.yaml").write_text(text)
    seal(copied)
    assert message in refused(copied)


def deep(levels):
    return {"cell": deep(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c["model"].update(a=deep(DEPTH)), "is nested too deep"),
        (lambda c: c["model"].update(_args_=[1]), "the key '_args_'"),
        (lambda c: c["model"].update(a="${oc.env:HOME}"), "the interpolation '${oc.env:HOME}'"),
        (lambda c: c["model"].update(a="../../etc/passwd"), "'model.a'='../../etc/passwd', which"),
        (lambda c: c["model"].update(a="/etc/passwd"), "which is no value of a saved model"),
        (lambda c: c["model"].update(a="a\\b"), "which is no value of a saved model"),
        (lambda c: c["model"].update(a="???"), "which is no value of a saved model"),
        (lambda c: c["model"].update(a=float("nan")), "'model.a'=nan, which is no value"),
        (lambda c: c["model"].update(a=[1.0, float("inf")]), "'model.a.1'=inf, which is no value"),
        (lambda c: c["model"]["encoder"].update(layers=-1), "'model.encoder.layers'=-1, which"),
        (lambda c: c["model"]["encoder"].update(layers=True), "'model.encoder.layers'=True, which"),
        (lambda c: c["model"]["encoder"].update(layers=10**9), "asks for 'layers'=1000000000, but"),
        (lambda c: c["model"]["encoder"].update(layers=500), "but there are fewer tensors"),
        (lambda c: c["model"]["encoder"].update(hidden_size=10**6), "but the largest tensor has"),
        (lambda c: c["search"].update(size=10**6), "'search.size'=1000000, but at most 1000 is"),
        (lambda c: c["search"].update(length_factor=1e9), "'search.length_factor'=1000000000.0"),
        (lambda c: c.update(model=3), "describes no translation model: model has no keys"),
        (lambda c: c.update(language_model={}), "format, or the model, is missing"),
        (lambda c: c.update(format=True), "has format True, this program reads formats 1 and 2"),
        (lambda c: c.update(format="2"), "has format '2', this program reads formats 1 and 2"),
    ],
)
def test_a_configuration_that_asks_for_more_is_refused(copied, edit, message):
    change(copied, edit)
    assert message in refused(copied)


def test_what_is_made_many_times_within_itself_is_refused(copied):
    cell = {"_target_": "nmt.models.cells.lstm.LSTM", "_partial_": True, "forget_bias": 1.0}
    for _ in range(6):
        cell = {
            "_target_": "nmt.models.cells.deep_transition.DeepTransition",
            "_partial_": True,
            "cell": cell,
            "depth": 10,
        }
    change(copied, lambda config: config["model"]["encoder"].update(cell=cell))
    assert "asks for 'depth'=10, but there are fewer tensors" in refused(copied)


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
        (
            lambda c: c["search"].update(_target_="nmt.models.embeddings.Untied"),
            "describes no model",
        ),
        (
            lambda c: c.update(
                search={"_target_": "nmt.search.length_penalties.none.NoLengthPenalty"}
            ),
            "describes no model",
        ),
    ],
)
def test_classes_that_do_not_fit_together_are_one_line(copied, edit, message):
    change(copied, edit)
    with pytest.raises(ModelError, match=message) as caught:
        Translator.load(copied, device="cpu")
    assert "\n" not in str(caught.value)


# Files that are none, or not the ones that were written.


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
        (link, "is a symbolic link, which a model may not hold; copy the file into its place"),
        (pipe, "is no regular file; copy the model's folder again"),
        (folder_instead, "is no regular file"),
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


def test_sums_of_other_files_are_not_even_looked_at(copied):
    os.mkfifo(copied / "pipe")
    with (copied / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  pipe\n")
    inspect(copied, ANY, ())


def test_the_folder_itself_may_be_a_link(copied, tmp_path):
    (tmp_path / "link").symlink_to(copied)
    assert inspect(tmp_path / "link", ANY, ())["format"] == 2


@pytest.mark.parametrize(
    "name", ["config.yaml", "model.safetensors", "scores.json", "sentencepiece.model"]
)
def test_a_file_that_was_altered_cut_off_or_lost_is_named(copied, name):
    path = copied / name
    data = path.read_bytes()
    for spoilt in (data[:-1], data[:-1] + bytes([data[-1] ^ 1]), b""):
        path.write_bytes(spoilt)
        message = refused(copied)
        assert message.startswith(f"{path} is not what it was when it was written: it was altered")
    way = message.partition("if you changed it yourself: ")[2]
    path.write_bytes(data + b"\n" if name == "config.yaml" else data)
    subprocess.run(way, shell=True, check=True)
    inspect(copied, ANY, ())
    path.unlink()
    assert f"{path} is missing" in refused(copied) or "holds no trained model" in refused(copied)


def test_sums_that_are_broken_missing_or_leave_a_file_out_are_refused(copied):
    sums = copied / "SHA256SUMS"
    text = sums.read_text()
    sums.write_text(text.replace("  ", " "))
    assert "it was altered or cut off" in refused(copied)
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        sums.write_text("".join(lines[:number] + lines[number + 1 :]))
        assert refused(copied).startswith(f"{copied / line.split()[1]} is not what it was")
    sums.unlink()
    assert f"{sums} is missing; copy the model's folder again" in refused(copied)


def test_a_folder_of_the_format_before_is_still_read(copied):
    change(copied, lambda config: config.update(format=1))
    (copied / "SHA256SUMS").unlink()
    assert len(Translator.load(copied, device="cpu").translate(LINES)) == 3


def head(text, data=b""):
    return struct.pack("<Q", len(text)) + text.encode() + data


def entry(**changes):
    values = {"dtype": '"F32"', "shape": "[2]", "data_offsets": "[0,8]", **changes}
    return '{"a":{' + ",".join(f'"{key}":{value}' for key, value in values.items()) + "}}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it was cut off, or is no safetensors file"),
        (struct.pack("<Q", 1 << 60) + b"{}", "it was cut off, or is no safetensors file"),
        (head("[1]"), "its head is no JSON of tensors"),
        (head("[" * 100_000), "its head is no JSON of tensors"),
        (head('{"a":1,"a":2}'), "its head is no JSON of tensors"),
        (head('{"a":NaN}'), "its head is no JSON of tensors"),
        (head('{"a":1}'), "'a' is not described as a tensor is"),
        (head('{"":1}'), "'' is no name of a tensor"),
        (head(entry(dtype='"F64"'), bytes(8)), "'a' is of type 'F64'; expected one of F32, I64"),
        (head(entry(dtype="[]"), bytes(8)), "'a' is of type [];"),
        (head(entry(shape="[-2]"), bytes(8)), "'a' has the shape [-2]; expected up to 4 sizes"),
        (head(entry(shape="[true]"), bytes(8)), "'a' has the shape [True]"),
        (head(entry(shape="[1,1,1,1,2]"), bytes(8)), "expected up to 4 sizes"),
        (head(entry(shape="[3]"), bytes(8)), "'a' of shape [3] has other bytes than that"),
        (head(entry(shape="[25000000000]"), bytes(8)), "has other bytes than that"),
        (head(entry(data_offsets="[8,16]"), bytes(16)), "no tensor begins at byte 0"),
        (head(entry(data_offsets="[0,8,9]"), bytes(8)), "'a' lies at [0, 8, 9]"),
        (head(entry(), bytes(9)), "its tensors have 8 bytes, but 9 are there"),
        (head(entry(), bytes(7)), "its tensors have 8 bytes, but 7 are there"),
    ],
)
def test_a_head_of_tensors_that_lies_is_refused(tmp_path, data, message):
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError, match="cannot be read") as caught:
        safetensors.read(path)
    assert message in str(caught.value)


def test_integers_are_no_weights_of_a_network(copied):
    data = (copied / "model.safetensors").read_bytes()
    (copied / "model.safetensors").write_bytes(data.replace(b'"F32"', b'"I64"', 1))
    seal(copied)
    assert "has other bytes than that" in refused(copied)
    zeros = head('{"a":{"dtype":"I64","shape":[200],"data_offsets":[0,1600]}}', bytes(1600))
    (copied / "model.safetensors").write_bytes(zeros)
    seal(copied)
    assert "'a' is of type I64; the weights of a network are F32" in refused(copied)


def field(number, data):
    length = len(data)
    size = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    return bytes([number << 3 | 2]) + size + data


def piece(text, score=0.0, kind=1):
    return field(1, field(1, text) + b"\x15" + struct.pack("<f", score) + bytes([24, kind]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it has 0 pieces"),
        (b"nonsense", "no field starts before byte"),
        (piece(b"a")[:-3], "it is truncated"),
        (piece(b"a") + b"\x0a", "is not a SentencePiece model"),
        (piece(b"a") + b"\x08" + b"\xff" * 10, "no number ends at byte"),
        (piece(b"a") * 2, "a piece stands there twice"),
        (piece(b""), "b'' can be no piece"),
        (piece(b"a\nb"), r"b'a\nb' can be no piece"),
        (piece(b"a\0b"), r"can be no piece"),
        (piece(b"\xff"), "can't decode byte 0xff"),
        (piece(b"a", float("nan")), "the piece b'a' has a score or a type that there is not"),
        (piece(b"a", kind=9), "has a score or a type that there is not"),
        (piece(b"<0x00>", kind=6), "it has 1 bytes; expected all 256 or none"),
        (piece(b"a") + field(2, b"\x18\x04"), "of the method 4; expected unigram or BPE"),
        (piece(b"a") + field(2, field(3, b"a")), "of the method b'a'"),
        (piece(b"a") + field(4, b"a"), "has the field 4"),
        (piece(b"a") + field(3, field(2, b"abcd")), "its map of characters was cut off"),
    ],
)
def test_what_is_no_sentencepiece_model_is_refused(data, message):
    with pytest.raises(ModelError, match="x is not a SentencePiece model, or is damaged") as caught:
        sentencepiece.check(data, "x")
    assert message in str(caught.value)


def characters(units, texts):
    """A model whose map of characters has these units first, and zeros to fill a block."""
    trie = struct.pack(f"<{len(units)}I", *units) + bytes(1024 - 4 * len(units))
    return piece(b"a") + field(3, field(2, struct.pack("<I", 1024) + trie + texts))


@pytest.mark.parametrize(
    ("units", "texts", "message"),
    [
        ([1 << 10], b"\0", None),
        ([(256 << 10)], b"\0", "leads out of it"),
        ([(1 << 10) | 512], b"\0", "leads out of it"),
        ([(1 << 10) | 256, 1 << 31], b"\0", None),
        ([(1 << 10) | 256, 1 << 31 | 1], b"\0", "names a text that is not there"),
        ([(1 << 10) | 256, 1 << 31 | 2], b"ab\0", "names a text that is not there"),
        ([0], b"a", "has a text that is too long"),
        ([0], b"a" * 300 + b"\0", "has a text that is too long"),
        ([0], b"\xff\0", "can't decode byte"),
    ],
)
def test_a_map_of_characters_that_leads_out_of_itself_is_refused(units, texts, message):
    if message is None:
        assert sentencepiece.check(characters(units, texts), "x") == 1
        return
    with pytest.raises(ModelError, match="x is not a SentencePiece model") as caught:
        sentencepiece.check(characters(units, texts), "x")
    assert message in str(caught.value)


def test_pieces_of_another_model_are_named(copied):
    data = small_run.tokenizer().data
    (copied / "sentencepiece.model").write_bytes(data + piece(b"more"))
    seal(copied)
    message = refused(copied)
    assert (
        "sentencepiece.model has 201 pieces, but no tensor of model.safetensors has as" in message
    )


# Damage of any kind: a model that works, or one line that says why not.


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Language models: a network, and n-grams."""
    root = tmp_path_factory.mktemp("others")
    return [small_run.save_language(root / name, name) for name in ("recurrent", "ngram")]


def damaged(data, place, how, bit):
    """Spoil bytes at a place, a share of their length."""
    at = min(int(place * len(data)), len(data) - 1) if data else 0
    if how == "cut":
        return data[:at]
    if how == "lost":
        return data[:at] + data[at + 1 + bit :]
    if how == "twice":
        return data[: at + 8 * bit] + data[at:]
    flipped = data[at : at + 1]
    return data[:at] + bytes(byte ^ 1 << bit for byte in flipped) + data[at + 1 :]


def spoil(folder, name, place, how, bit, sealed):
    path = folder / name
    path.write_bytes(damaged(path.read_bytes(), place, how, bit))
    if sealed:
        seal(folder)


def outcome(folder):
    """Give what a folder translates, or judges, or the one line that says why it does not."""
    try:
        if "language_model" in inspect(folder, ANY, ()):
            judge = load(folder, LineWindows(10, 10**6, 10, 1000), (), CPU)
            found = [str(one) for one in judge(ScoredLine(line, "") for line in LINES)]
        else:
            found = Translator.load(folder, device="cpu").translate(LINES)
    except NmtError as error:
        return str(error)
    assert len(found) == len(LINES)
    assert not any("\n" in line for line in found)
    return None


FILES = ["SHA256SUMS", "config.yaml", "model.safetensors", "scores.json", "sentencepiece.model"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("how", ["cut", "flip"])
def test_damage_at_every_tenth_of_every_file_is_named(copied, name, tenth, how):
    spoil(copied, name, tenth / 10, how, 2, sealed=False)
    found = outcome(copied)
    assert "\n" not in found
    file = name if name != "SHA256SUMS" or (how == "cut" and not tenth) else ""
    assert found.startswith(f"{copied}/{file}")
    assert " is not what it was when it was written: it was altered or cut off; copy" in found


@pytest.mark.parametrize("name", FILES[1:])
@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("how", ["cut", "flip"])
def test_damage_that_somebody_covered_up_is_said_or_harmless(copied, name, tenth, how):
    spoil(copied, name, tenth / 10, how, 2, sealed=True)
    found = outcome(copied)
    assert found is None or "\n" not in found
    assert how == "flip" or name == "scores.json" or found is not None


WORDS = ["1.0e+400", "-3", "999999999999", "true", "null", "~", "[]", "{}", "'a'", ".inf", "0", "7"]
TARGETS = [
    "nmt.models.cells.cell.Cell",
    "nmt.models.cells.gru.GRU",
    "nmt.models.cells.zoneout.Zoneout",
    "nmt.models.encoders.encoder.Encoder",
    "nmt.models.attention.dot.DotAttention",
    "nmt.models.bridges.layered.LayeredBridge",
    "nmt.models.decoders.fixed_context.SummarisedContextDecoder",
    "nmt.models.embeddings.OutputLayer",
    "nmt.models.language_models.ngram.NGramLanguageModel",
    "nmt.models.readouts.maxout.MaxoutReadout",
    "nmt.search.beam.Beam",
    "nmt.search.search.Hypothesis",
    "nmt.models.stack.ContextFedStack",
    "torch.nn.Identity",
    "os.system",
]


def nodes(node):
    """All nodes with keys, the outermost first."""
    yield node
    for value in node.values():
        if isinstance(value, dict):
            yield from nodes(value)


def rewrite(folder, node, key, value):
    """Put another value, or class, at some place of a configuration, and seal the folder."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    places = list(nodes(config))
    place = places[node % len(places)]
    place[sorted(place)[key % len(place)]] = value
    text = yaml.safe_dump(config)
    for word in WORDS:
        text = text.replace(f"'WORD {word}'", word).replace(f"WORD {word}", word)
    (folder / "config.yaml").write_text(text)
    seal(folder)


FLIPS = st.tuples(
    st.sampled_from(FILES),
    st.floats(0, 1),
    st.sampled_from(["cut", "lost", "twice", "flip", "flip", "flip"]),
    st.integers(0, 7),
    st.sampled_from([False, True, True, True]),
)
VALUES = st.one_of(
    st.sampled_from(WORDS).map("WORD {}".format),
    st.sampled_from(TARGETS),
    st.integers(-3, 40),
    st.sampled_from(TARGETS).map(lambda target: {"_target_": target, "_partial_": True}),
)


def spoilt(folder, spoiling):
    """Give what a copy of a folder says after something was done to it."""
    with tempfile.TemporaryDirectory() as root:
        copy = Path(shutil.copytree(folder, Path(root) / "run"))
        spoiling(copy)
        return outcome(copy)


@settings(max_examples=cases(40), deadline=None)
@given(which=st.integers(0, 2), flips=st.lists(FLIPS, min_size=1, max_size=3))
def test_whatever_happens_to_the_bytes_is_one_line_or_harmless(saved, others, which, flips):
    def spoiling(folder):
        for flip in flips:
            spoil(folder, *flip)

    found = spoilt([saved, *others][which], spoiling)
    assert found is None or "\n" not in found


@settings(max_examples=cases(40), deadline=None)
@given(which=st.integers(0, 2), node=st.integers(0, 99), key=st.integers(0, 9), value=VALUES)
def test_whatever_a_configuration_says_is_one_line_or_harmless(
    saved, others, which, node, key, value
):
    found = spoilt([saved, *others][which], lambda folder: rewrite(folder, node, key, value))
    assert found is None or "\n" not in found


def lexicon(pieces):
    """The bytes of one that knows nothing, for as many pieces in both languages."""
    return TranslationLexicon.learn(
        Ragged.from_lists([]), Ragged.from_lists([]), pieces, pieces
    ).to_bytes()


def test_a_lexicon_is_looked_at_as_all_files_are(copied):
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
