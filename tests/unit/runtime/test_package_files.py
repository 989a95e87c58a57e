import tomllib
from pathlib import Path

import pytest

from nmt.runtime import package_files
from nmt.runtime.errors import NmtError

ROOT = Path(__file__).parents[3]


def test_folders_are_found_in_a_checkout():
    for name in ("conf", "data/starter"):
        assert package_files.folder(name) == ROOT / name


def test_folders_are_found_where_the_wheel_has_them(tmp_path, monkeypatch):
    monkeypatch.setattr(package_files, "PACKAGE", tmp_path / "nmt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert set(included) == {"conf", "data/starter"}
    for name, target in included.items():
        (tmp_path / target).mkdir(parents=True)
        assert package_files.folder(name) == tmp_path / target


def test_a_missing_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(package_files, "PACKAGE", tmp_path / "nmt")
    with pytest.raises(NmtError, match=r"^the folder conf is missing beside .*; install the pack"):
        package_files.folder("conf")
