"""Files that come with the program: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

from nmt.runtime.errors import NmtError

STARTER = "starter:"
"""How names of files of the starter corpus begin where a command reads text."""

PACKAGE = Path(__file__).resolve().parents[1]


def folder(name: str) -> Path:
    """Return the path of such a folder, `conf` or `data/starter`.

    Raises:
        NmtError: if the installation does not have it.
    """
    for path in (PACKAGE / Path(name).name, PACKAGE.parent / name):
        if path.is_dir():
            return path
    raise NmtError(f"the folder {name} is missing beside {PACKAGE}; install the package again")
