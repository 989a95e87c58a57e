"""A run's folder from elsewhere, in which links and pipes lead to other files."""

import pytest
from helpers.planted import KINDS, plant, unchanged

from nmt.runtime.errors import NmtError
from nmt.training.checkpoints import Checkpoints
from nmt.training.loggers.jsonl import JSONLLogger
from nmt.training.run import RunFolder


@KINDS
def test_the_lines_of_a_training_go_into_no_other_file(tmp_path, kind):
    path, victim = tmp_path / "run" / "metrics.jsonl", tmp_path / "victim"
    plant(path, kind, victim)
    with pytest.raises(NmtError, match=r"metrics\.jsonl is a link, a pipe, a device or a second"):
        JSONLLogger(str(path)).resume(0, 0)
    assert unchanged(kind, victim)


@KINDS
def test_lines_are_not_appended_to_what_was_planted_at_their_temporary_name(tmp_path, kind):
    path, victim = tmp_path / "run" / "metrics.jsonl", tmp_path / "victim"
    plant(path.with_name(".metrics.jsonl.part"), kind, victim)
    JSONLLogger(str(path)).resume(0, 0)
    assert unchanged(kind, victim)
    assert not path.is_symlink()


@KINDS
def test_a_state_is_written_into_no_other_file(tmp_path, kind):
    victim = tmp_path / "victim"
    plant(tmp_path / "training" / ".state.part", kind, victim)
    checkpoints = Checkpoints(tmp_path / "training", 2)
    checkpoints.save(1, {"a": 1})
    assert unchanged(kind, victim)
    assert checkpoints.newest()["a"] == 1


@pytest.mark.parametrize("name", ["training", "training/kept", "training/skipped"])
def test_a_folder_elsewhere_is_not_trained_in(tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "update-00000001.safetensors").write_bytes(b"precious")
    link = tmp_path / "run" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    with (
        pytest.raises(NmtError, match=f"{name} is a link"),
        RunFolder.open(str(tmp_path / "run"), 2),
    ):
        pass
    assert [path.name for path in elsewhere.iterdir()] == ["update-00000001.safetensors"]


def test_a_run_that_the_user_names_by_a_link_is_trained_in(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to("disk")
    with RunFolder.open(str(tmp_path / "run"), 2):
        assert (tmp_path / "disk" / "training" / ".lock").is_file()
