"""What somebody may put in the place of a file, so that another file is written."""

import os

import pytest

KINDS = pytest.mark.parametrize("kind", ["link", "dangling link", "hard link", "pipe"])


def plant(path, kind, victim):
    """Make something that leads to another file of the user, or to none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind != "dangling link":
        victim.write_bytes(b"precious")
    {
        "link": lambda: path.symlink_to(victim),
        "dangling link": lambda: path.symlink_to(victim),
        "hard link": lambda: path.hardlink_to(victim),
        "pipe": lambda: os.mkfifo(path),
    }[kind]()


def unchanged(kind, victim):
    return not victim.exists() if kind == "dangling link" else victim.read_bytes() == b"precious"
