import os

import pytest

from nmt.runtime import atomic_files
from nmt.runtime.errors import NmtError


def test_a_file_is_replaced_whole_and_leaves_no_temporary_file(tmp_path):
    path = tmp_path / "deep" / "file"
    for data in (b"one", b"two"):
        atomic_files.write(path, data)
        assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


def test_without_space_the_old_file_stays(tmp_path):
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
