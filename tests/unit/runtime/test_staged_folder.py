import itertools
import os
import shutil

import pytest

from nmt.runtime import atomic_files, locks, staged_folder
from nmt.runtime.errors import NmtError


def fill(folder):
    (folder / "file").write_text("new")


def test_a_staging_folder_elsewhere_is_neither_filled_nor_emptied(tmp_path):
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "root"
    (elsewhere / "new").mkdir(parents=True)
    (elsewhere / "new" / "file").write_text("precious")
    root.mkdir()
    (root / ".a-0.unfinished").symlink_to(elsewhere)
    with pytest.raises(NmtError, match=r"\.a-0\.unfinished is a link"):
        staged_folder.build(root / "a-0", 0, fill)
    staged_folder.remove_abandoned(root)
    assert (elsewhere / "new" / "file").read_text() == "precious"
    assert [path.name for path in elsewhere.iterdir()] == ["new"]


def test_a_link_within_the_staging_folder_is_removed_alone(tmp_path):
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "root"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("precious")
    (root / ".a-0.unfinished").mkdir(parents=True)
    (root / ".a-0.unfinished" / "new").symlink_to(elsewhere)
    staged_folder.build(root / "a-0", 0, fill)
    assert (elsewhere / "file").read_text() == "precious"
    assert (root / "a-0" / "file").read_text() == "new"
    assert [path.name for path in root.iterdir()] == ["a-0"]


class KilledError(BaseException):
    """Stands for a kill: nothing that would clean up afterwards works any more."""


def killed_at(monkeypatch, number):
    """Let the process end at its call of this number that changes the disk."""
    count = itertools.count()

    def ending(call):
        def called(*arguments, **options):
            if next(count) >= number:
                raise KilledError
            return call(*arguments, **options)

        return called

    for module, names in {
        os: ["rename", "replace", "unlink", "rmdir", "mkdir", "open", "fdopen"],
        shutil: ["rmtree"],
    }.items():
        for name in names:
            monkeypatch.setattr(module, name, ending(getattr(module, name)))


def fill_two(text):
    def fill(folder):
        for name in ("a", "b"):
            atomic_files.write(folder / name, text)

    return fill


@pytest.mark.parametrize("exchange", ["one step", "two steps"])
@pytest.mark.parametrize("older", [b"old", None])
def test_a_folder_is_the_old_or_the_new_one_wherever_its_writing_is_killed(
    tmp_path, monkeypatch, exchange, older
):
    monkeypatch.setattr("os.fsync", lambda handle: None)  # It takes the time of the test.
    if exchange == "two steps":  # as on systems but Linux
        monkeypatch.setattr("sys.platform", "other")
    seen = set()
    for number in range(200):
        folder = tmp_path / f"{number}" / "export"
        folder.parent.mkdir()
        if older:
            staged_folder.replace(folder, 0, fill_two(older), "output")
        with monkeypatch.context() as patch:
            killed_at(patch, number)
            try:
                staged_folder.replace(folder, 0, fill_two(b"new"), "output")
                ended = True
            except KilledError:
                ended = False
        state = content(folder)
        seen.add(state)
        allowed = {(older, older) if older else None, (b"new", b"new")}
        if exchange == "two steps":  # for an instant, which the next call makes good
            allowed.add(None)
        assert state in allowed
        staged_folder.replace(folder, 0, fill_two(b"again"), "output")
        assert content(folder) == (b"again", b"again")
        assert [path.name for path in folder.parent.iterdir()] == ["export"]
        if ended:
            break
    assert ended
    assert {(b"new", b"new"), (older, older) if older else None} <= seen


def content(folder):
    if not folder.exists():
        return None
    return tuple((folder / name).read_bytes() for name in ("a", "b"))


@pytest.mark.parametrize("platform", ["linux", "other"])
def test_a_folder_that_cannot_be_filled_keeps_the_older_one(tmp_path, monkeypatch, platform):
    monkeypatch.setattr("sys.platform", platform)
    folder = tmp_path / "export"
    staged_folder.replace(folder, 0, fill_two(b"old"), "output")

    def full(folder):
        atomic_files.write(folder / "a", b"new")
        raise OSError(28, os.strerror(28))

    message = r"export cannot be written: No space left on device; free .* with output=…"
    with pytest.raises(NmtError, match=message):
        staged_folder.replace(folder, 0, full, "output")
    with pytest.raises(NmtError, match=r"needs 1000000000000\.0 MB"):
        staged_folder.replace(folder, 10**18, fill_two(b"new"), "output")
    assert content(folder) == (b"old", b"old")
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_two_processes_do_not_replace_a_folder_together(tmp_path):
    def fill_twice(empty):
        with pytest.raises(locks.LockedError, match=r"\.export\.unfinished is being written by"):
            staged_folder.replace(tmp_path / "export", 0, fill_two(b"other"), "output")
        fill_two(b"new")(empty)

    staged_folder.replace(tmp_path / "export", 0, fill_twice, "output")
    assert content(tmp_path / "export") == (b"new", b"new")
