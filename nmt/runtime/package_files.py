"""Where the files that come with the program lie: beside the package in a checkout, in a wheel
inside it."""

from pathlib import Path

from nmt.runtime.errors import NmtError

PACKAGE = Path(__file__).resolve().parents[1]


def folder(name: str) -> Path:
    """Find the folder `conf` or `data/starter`.

    Raises:
        NmtError: if the installation does not hold it.
    """
    for root in (PACKAGE, PACKAGE.parent):
        if (root / name).is_dir():
            return root / name
    raise NmtError(f"the folder {name} is missing beside {PACKAGE}; install the package again")
