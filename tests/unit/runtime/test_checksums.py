import errno
import hashlib
import logging
import os

import pytest

from nmt.runtime import checksums
from nmt.runtime.errors import DamagedError, NmtError


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_the_file_has_the_format_of_sha256sum_and_altered_files_are_named(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    files = {name: [checksums.sha256_of(tmp_path / name)] for name in ("a", "b")}
    checksums.write(tmp_path, files)
    text = f"{sha256(b'one')}  a\n{sha256(b'two')}  b\n"
    assert (tmp_path / checksums.NAME).read_text() == text
    assert checksums.read(tmp_path) == files
    assert checksums.altered(tmp_path, files) == []
    (tmp_path / "a").write_bytes(b"onf")
    (tmp_path / "b").unlink()
    assert checksums.altered(tmp_path, files) == ["a", "b"]


def test_any_of_several_checksums_is_valid(tmp_path):
    (tmp_path / "a").write_bytes(b"new")
    checksums.write(tmp_path, {"a": [sha256(b"new"), sha256(b"old")]})
    assert checksums.altered(tmp_path, checksums.read(tmp_path)) == []
    (tmp_path / "a").write_bytes(b"old")
    assert checksums.altered(tmp_path, checksums.read(tmp_path)) == []
    (tmp_path / "a").write_bytes(b"other")
    assert checksums.altered(tmp_path, checksums.read(tmp_path)) == ["a"]


def test_a_malformed_line_invalidates_the_file_of_checksums(tmp_path):
    for text in ("no checksum\n", f"{'0' * 64}  ../a\n", f"{'0' * 63}  a\n"):
        (tmp_path / checksums.NAME).write_text(text)
        assert checksums.read(tmp_path) == {}


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    checksums.write_all(tmp_path)
    return tmp_path


def test_an_unaltered_folder_passes_and_hidden_files_do_not_count(folder, caplog):
    (folder / ".DS_Store").write_text("of a file manager")
    with caplog.at_level(logging.INFO):
        checksums.verify(folder)
    assert caplog.messages == []


def test_altered_files_pass_once_their_checksums_are_written_again(folder):
    (folder / "a").write_text("A")
    checksums.write_all(folder)
    checksums.verify(folder)
    assert sorted(checksums.read(folder)) == ["a", "b"]


DAMAGES = [
    ("a is not what was written", lambda folder: (folder / "a").write_text("A")),
    ("a is not what was written", lambda folder: (folder / "a").write_text("")),
    ("a is missing", lambda folder: (folder / "a").unlink()),
    ("pipe is no file", lambda folder: os.mkfifo(folder / "pipe")),
    ("c does not belong there", lambda folder: (folder / "c").write_text("more")),
    ("SHA256SUMS does not hold checksums", lambda folder: (folder / "SHA256SUMS").write_text("")),
    ("SHA256SUMS is missing", lambda folder: (folder / "SHA256SUMS").unlink()),
]


@pytest.mark.parametrize(("message", "damage"), DAMAGES)
def test_damaged_files_are_named(folder, message, damage):
    damage(folder)
    with pytest.raises(DamagedError, match=f"{folder}/{message}.*; delete the folder {folder}, it"):
        checksums.verify(folder)


def test_a_slow_verification_is_logged(folder, caplog, monkeypatch):
    monkeypatch.setattr(checksums, "SLOW_SECONDS", 0.0)
    with caplog.at_level(logging.INFO):
        checksums.verify(folder)
    assert caplog.messages[0].startswith(f"verified the checksums of {folder} in 0.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_not_damaged(folder):
    (folder / "a").chmod(0)
    with pytest.raises(NmtError, match="a cannot be read: Permission denied") as caught:
        checksums.verify(folder)
    assert not isinstance(caught.value, DamagedError)


@pytest.mark.parametrize("name", [".hidden", "named"])
def test_a_pipe_that_is_listed_blocks_nothing(tmp_path, name):
    (tmp_path / "a").write_bytes(b"a")
    checksums.write_all(tmp_path)
    recorded = checksums.read(tmp_path)
    os.mkfifo(tmp_path / name)
    checksums.write(tmp_path, {**recorded, name: ["0" * 64]})
    with pytest.raises(NmtError, match=r"is no file|is not a regular file"):
        checksums.verify(tmp_path)
    assert checksums.altered(tmp_path, {name: ["0" * 64]}) == [name]


@pytest.mark.parametrize("name", ["a", "SHA256SUMS"])
def test_links_and_pipes_in_place_of_files_are_refused(tmp_path, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(b"a")
    checksums.write_all(folder)
    moved = (folder / name).rename(tmp_path / "moved")
    for replace in (lambda path: path.symlink_to(moved), os.mkfifo):
        replace(folder / name)
        with pytest.raises(DamagedError, match=r"is a symbolic link|is no file"):
            checksums.verify(folder)
        (folder / name).unlink()


def test_a_file_that_may_not_be_read_is_not_called_altered(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"a")
    checksums.write_all(tmp_path)

    def forbidden(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(checksums, "sha256_of", forbidden)
    with pytest.raises(NmtError, match="a cannot be read: Permission denied") as caught:
        checksums.altered(tmp_path, checksums.read(tmp_path))
    assert not isinstance(caught.value, DamagedError)
    with pytest.raises(NmtError, match="a cannot be read: Permission denied") as caught:
        checksums.verify(tmp_path)
    assert not isinstance(caught.value, DamagedError)
