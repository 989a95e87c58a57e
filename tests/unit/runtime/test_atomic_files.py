import os

import pytest
from helpers.planted import KINDS, plant, unchanged

from nmt.runtime import atomic_files
from nmt.runtime.errors import NmtError


def test_a_file_is_replaced_whole_and_leaves_no_temporary_file(tmp_path):
    path = tmp_path / "deep" / "file"
    for data in (b"one", b"two"):
        atomic_files.write(path, data)
        assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


def test_without_space_the_old_file_is_kept(tmp_path):
    path = tmp_path / "file"
    atomic_files.write(path, b"old")
    disk = os.statvfs(tmp_path)
    with pytest.raises(NmtError, match=r"file needs \d+\.\d MB, and its disk has \d+\.\d MB left"):
        atomic_files.check_space(path, disk.f_blocks * disk.f_frsize)
    assert path.read_bytes() == b"old"


def test_a_partial_file_is_removed_and_the_reason_reported(tmp_path):
    path, temporary = tmp_path / "file", tmp_path / "half"
    with (
        pytest.raises(NmtError, match=r"file cannot be written: No space left on device; what"),
        atomic_files.discard_on_error(path, temporary),
    ):
        temporary.write_bytes(b"ha")
        raise OSError(28, os.strerror(28))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", ".file.part"])
@KINDS
def test_a_link_or_pipe_is_replaced_and_never_written_through(tmp_path, name, kind):
    path, victim = tmp_path / "run" / name, tmp_path / "victim"
    plant(path, kind, victim)
    atomic_files.write(tmp_path / "run" / "file", b"text")
    assert unchanged(kind, victim)
    assert [each.name for each in path.parent.iterdir()] == ["file"]
    assert not (tmp_path / "run" / "file").is_symlink()
    assert (tmp_path / "run" / "file").read_bytes() == b"text"
