import logging
import os

import pytest

from nmt.runtime import sealing
from nmt.runtime.errors import DamagedError, NmtError


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    sealing.close(tmp_path)
    return tmp_path


def test_a_folder_as_it_was_written_passes_and_hidden_files_do_not_count(folder, caplog):
    (folder / ".DS_Store").write_text("of a file manager")
    with caplog.at_level(logging.INFO):
        sealing.check(folder)
    assert caplog.messages == []


DAMAGES = [
    ("is not what was written", lambda folder: (folder / "a").write_text("A")),
    ("is not what was written", lambda folder: (folder / "a").write_text("")),
    ("is missing", lambda folder: (folder / "a").unlink()),
    ("is no file", lambda folder: os.mkfifo(folder / "pipe")),
]


@pytest.mark.parametrize(("message", "damage"), DAMAGES)
def test_what_is_damaged_is_named(folder, message, damage):
    damage(folder)
    with pytest.raises(DamagedError, match=f"{folder}/(a|pipe) {message}"):
        sealing.check(folder)


def test_a_file_that_was_not_there_is_named(folder):
    (folder / "train-00001.arrow").write_text("more")
    with pytest.raises(DamagedError, match=r"train-00001\.arrow does not belong there"):
        sealing.check(folder)


def test_sums_that_are_none_are_named(folder):
    (folder / "SHA256SUMS").write_text("")
    with pytest.raises(DamagedError, match="SHA256SUMS does not hold sums; delete the folder"):
        sealing.check(folder)


def test_a_check_that_takes_long_is_told_of(folder, caplog, monkeypatch):
    monkeypatch.setattr(sealing, "SECONDS", 0.0)
    with caplog.at_level(logging.INFO):
        sealing.check(folder)
    assert caplog.messages[0].startswith(f"checked the sums of {folder} in 0.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_not_damaged(folder):
    (folder / "a").chmod(0)
    with pytest.raises(NmtError, match="a cannot be read: Permission denied") as caught:
        sealing.check(folder)
    assert not isinstance(caught.value, DamagedError)
