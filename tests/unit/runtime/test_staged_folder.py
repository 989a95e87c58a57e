import pytest

from nmt.runtime import staged_folder
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
