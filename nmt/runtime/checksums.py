"""SHA256SUMS: what each file of a folder held when it was written.

The file is that of coreutils, so `sha256sum -c SHA256SUMS` checks the folder too.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from nmt.runtime import atomic_files

NAME = "SHA256SUMS"
LINE = re.compile(r"([0-9a-f]{64})  ([^/\n\0]+)")


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, as hexadecimal digits.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record(folder: Path, files: Mapping[str, Sequence[str]]) -> None:
    """Write the file.

    Args:
        folder: where it lies.
        files: for each name in the folder its sum; several where it is being replaced, and each
            of them is as good as the other.

    Raises:
        NmtError: if it cannot be written.
    """
    lines = [f"{one}  {name}\n" for name, sums in files.items() for one in sums]
    atomic_files.write(folder / NAME, "".join(lines).encode())


def stored(folder: Path) -> dict[str, list[str]]:
    """Read what `record` wrote; empty if it is no such file, with a line that is none.

    Raises:
        OSError: if it cannot be read.
    """
    found: dict[str, list[str]] = {}
    for line in (folder / NAME).read_text(encoding="utf-8", errors="replace").splitlines():
        match = LINE.fullmatch(line)
        if match is None:
            return {}
        found.setdefault(match[2], []).append(match[1])
    return found


def altered(folder: Path, files: Mapping[str, Sequence[str]]) -> list[str]:
    """Name the files that are missing, or are not what one of their sums says."""
    return [name for name, sums in files.items() if _sum(folder / name) not in sums]


def _sum(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None
