"""File formats of plots; without matplotlib, so that they are checked before it is imported."""

from pathlib import Path

from nmt.runtime.errors import NmtError

FORMATS = (".png", ".svg")


def check_format(path: Path) -> None:
    """Check that the suffix of a file is a format's.

    Raises:
        NmtError: if not; names the formats.
    """
    if path.suffix.lower() not in FORMATS:
        raise NmtError(f"{path}: expected a file that ends in {' or '.join(FORMATS)}")
