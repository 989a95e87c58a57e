"""What a picture can be written as; asked before anything is imported to draw it."""

from pathlib import Path

from nmt.runtime.errors import NmtError

FORMATS = (".png", ".svg")


def check_format(path: Path) -> None:
    """Refuse, before anything is computed, a file whose ending names no format.

    Raises:
        NmtError: naming the endings there are.
    """
    if path.suffix.lower() not in FORMATS:
        raise NmtError(f"{path}: expected a file that ends in {' or '.join(FORMATS)}")
