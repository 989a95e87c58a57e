"""What a run's folder holds, of a stranger or damaged, is refused in one line."""

import json
import os
from pathlib import Path

import pytest
import torch
import yaml

from nmt.analysis.plots import curves, gradient_norms, records
from nmt.analysis.plots.curves import points
from nmt.inspection import files
from nmt.runtime.errors import ModelError, NmtError
from nmt.training.checkpoints import Checkpoints
from nmt.training.loggers.jsonl import JSONLLogger
from nmt.training.resumption.settings import RunSettings, StoredSettings

DEEP = "[" * 100_000 + "]" * 100_000
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\ncorpus: c\n"


def one_line(call, *arguments):
    """Return the one line with which a call refuses its arguments."""
    with pytest.raises(NmtError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, "line 1 has an anchor or an alias"),
        ("corpus: &c {a: *c}\n", "line 1 has an anchor or an alias"),
        ("corpus: !!python/name:os.system x\n", "line 1 has a tag"),
        ("corpus: c\nseed: 0x" + "f" * 30_000, "line 2 has an integer of 120000 bits"),
        ("corpus: c\nseed: 0b" + "1" * 30_000, "line 2 has an integer of 30000 bits"),
        ("corpus: c\nseed: -0" + "7" * 30_000, "line 2 has an integer of 90000 bits"),
        ("corpus: c\nseed: 1" + ":59" * 3_000, "line 2 has an integer of "),
        ("corpus: c\nseed: " + "9" * 5_000, "cannot be read"),
        ("corpus: c\nseed: 1" + "_000" * 1_000, "line 2 has an integer of "),
        ("corpus: c\na: " + DEEP[:2000], "is nested too deeply"),
        ("corpus: c\ncorpus: d\n", "line 2 repeats the key 'corpus'"),
        ("1: c\n", "line 1 has a key that is no string"),
        ("corpus\n", "expected keys with their values"),
        ("a: b\n", "is damaged; start another run=NAME"),
        ("corpus: [c]\n", "is damaged"),
        ("corpus: c\nprocesses: two\n", "is damaged"),
        ("corpus: c\nforks: 3\n", "is damaged"),
        ("corpus: c\nforks: [3]\n", "is damaged"),
        ("corpus: c\nforks: [{update: x, keys: []}]\n", "is damaged"),
        ("corpus: c\nforks: [{update: 1, keys: [1]}]\n", "is damaged"),
        ("corpus: c\nforks: [{update: 1, keys: a}]\n", "is damaged"),
        ("corpus: c\n" + "#" * (1 << 17), "expected at most 131072"),
        (b"corpus: \xff\n", "cannot be read"),
    ],
)
def test_settings_of_a_stranger_are_refused(tmp_path, content, message):
    path = tmp_path / "config.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    line = one_line(StoredSettings.read, path)
    assert line.startswith(str(path))
    assert message in line


def make(path, kind, target=None):
    """Make something at a path that is no regular file."""
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(target or "nowhere")


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_settings_that_are_no_file_are_refused(tmp_path, kind):
    make(tmp_path / "config.yaml", kind)
    line = one_line(StoredSettings.read, tmp_path / "config.yaml")
    assert "is a symbolic link" in line or "is not a regular file" in line


def test_settings_that_could_not_be_read_again_are_not_written(tmp_path):
    settings = RunSettings(tmp_path / "config.yaml", {"corpus": "c", "a": {1: 2}}, [])
    assert "has a key that is no string" in one_line(settings.write)
    assert not (tmp_path / "config.yaml").exists()
    settings = RunSettings(tmp_path / "config.yaml", {"corpus": "c", "a": [1, None]}, [])
    settings.write()
    assert StoredSettings.read(settings.path).values == {"corpus": "c", "a": [1, None]}


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "other"])
def test_a_state_that_is_no_file_is_refused(tmp_path, kind):
    checkpoints = Checkpoints(tmp_path, 2)
    checkpoints.save(1, {"weights": torch.ones(2)})
    (state,) = tmp_path.glob("state-*.pt")
    moved = state.rename(tmp_path / "elsewhere")
    make(state, kind, moved if kind == "other" else None)
    line = one_line(checkpoints.newest)
    assert line.startswith(str(state))
    assert "is a symbolic link" in line or "is not a regular file" in line
    assert checkpoints.update() == 1


SCORES = [b"\xff", DEEP.encode(), b"", b'{"a": }', b"9" * 5000, b"{}x"]


@pytest.mark.parametrize("content", SCORES)
def test_scores_that_are_no_json_are_one_line(tmp_path, content):
    (tmp_path / "scores.json").write_bytes(content)
    assert " is not JSON: " in one_line(files.read_json, tmp_path / "scores.json", 1 << 20)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_scores_that_are_no_file_are_one_line(tmp_path, kind):
    make(tmp_path / "scores.json", kind)
    one_line(files.read_json, tmp_path / "scores.json", 1 << 20)


RECORD = {"kind": "update", "update": 1, "loss": 1.0, "gradient_norm": 1.0, "clipped": 0.0}
RECORD |= {"skipped": 0, "seconds": 1.0}


@pytest.mark.parametrize(
    "line", [*SCORES, b"3", b"null", b"[]", b'"kind"', b"{}", b'{"kind": 3}', b'{"kind": null}']
)
@pytest.mark.parametrize("read", [records.read, curves.read, gradient_norms.read])
def test_records_that_are_none_are_one_line(tmp_path, line, read):
    (tmp_path / "metrics.jsonl").write_bytes(json.dumps(RECORD).encode() + b"\n" + line + b"\n")
    message = one_line(read, tmp_path)
    assert message.startswith(f"{tmp_path}/metrics.jsonl:2 is no")


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_records_that_are_no_file_are_one_line(tmp_path, kind):
    make(tmp_path / "metrics.jsonl", kind)
    assert "metrics.jsonl cannot be read: " in one_line(records.read, tmp_path)


@pytest.mark.parametrize("field", ["update", "loss", "gradient_norm", "clipped", "skipped"])
@pytest.mark.parametrize("value", ["x", [], {}, True, "missing"])
def test_numbers_of_records_that_are_none_are_one_line(tmp_path, field, value):
    record = {**RECORD, field: value}
    if value == "missing":
        del record[field]
    (tmp_path / "metrics.jsonl").write_text(json.dumps(record) + "\n")
    assert f"has {field}=" in one_line(gradient_norms.read, tmp_path)


def test_curves_of_no_numbers_are_one_line():
    seconds = curves.Horizontal("seconds", 1.0, "s")
    for damage in ({"seconds": "x"}, {"seconds": [1]}, {"loss": "x"}):
        one_line(points, [{**RECORD, **damage}], "update", seconds, "loss")


@pytest.mark.parametrize("line", SCORES)
def test_records_of_a_run_that_goes_on_are_kept_up_to_its_state(tmp_path, line):
    path = tmp_path / "metrics.jsonl"
    good = json.dumps(RECORD).encode()
    path.write_bytes(good + b"\n" + line.replace(b"\n", b"") + b"\n")
    JSONLLogger(str(path)).resume(5, 5)
    assert path.read_bytes() == good + b"\n"


def test_clipping_in_damaged_settings_is_unknown(tmp_path):
    (tmp_path / "metrics.jsonl").write_text(json.dumps(RECORD) + "\n")
    (tmp_path / "training").mkdir()
    for content in (BOMB, "clip_norm: [1]", "clip_norm: x", "- 1", "clip_norm: 0x" + "f" * 9999):
        (tmp_path / "training" / "config.yaml").write_text(content)
        assert gradient_norms.read(tmp_path).clip_norm is None
    (tmp_path / "training" / "config.yaml").write_text(yaml.safe_dump({"clip_norm": 2.5}))
    assert gradient_norms.read(tmp_path).clip_norm == 2.5


def test_files_in_folders_that_may_not_be_searched_are_not_missing(monkeypatch):
    def forbidden(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", forbidden)
    with pytest.raises(ModelError, match="model cannot be read: Permission denied"):
        files.exists(Path("model"))


def test_integers_that_cannot_be_shown_are_quoted():
    assert files.quote(1 << 100_000) == "a number of too many digits"
    assert files.quote([1 << 100_000]) == "a number of too many digits"


def test_a_file_is_read_in_the_memory_of_its_size(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    assert files.read(tmp_path / "file", 1 << 50) == b"content"


@pytest.mark.parametrize(
    "read", [records.read, lambda run: JSONLLogger(str(run / "metrics.jsonl")).resume(1, 1)]
)
def test_records_that_are_too_large_are_one_line(tmp_path, read):
    (tmp_path / "metrics.jsonl").touch()
    os.truncate(tmp_path / "metrics.jsonl", 5 << 30)  # without bytes on the disk
    assert "has 5368709120 bytes; expected at most 536870912" in one_line(read, tmp_path)
