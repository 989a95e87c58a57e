"""Files that are the old one or the new one, and never a part of either."""

import os
from pathlib import Path

from nmt.errors import NmtError


def write(path: Path, data: bytes) -> None:
    """Write a file beside, flush it to the disk, and rename it over `path`; make its folder.

    Raises:
        NmtError: if it cannot be written; what was there before is as it was.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise NmtError(f"{path} cannot be written: {error.strerror or error}") from error
