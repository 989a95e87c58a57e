"""Bytes from a server into a file, from where the file ends."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from nmt.runtime import atomic_files
from nmt.runtime.errors import NmtError

BLOCK = 1 << 16  # bytes read at once

Progress = Callable[[str, int, int | None], None]
"""Told of each block: the file's name, bytes received of it, bytes in all if the server said."""


def receive_rest(
    url: str, part: Path, timeout_seconds: float, max_bytes: int, progress: Progress
) -> None:
    """Ask for what is not yet in `part`, and add it there.

    Raises:
        OSError: what the network says, and http.client.HTTPException.
        NmtError: if the part cannot be written, or has more than `max_bytes`.
    """
    size = size_of(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={size}-"} if size else {})
    try:
        response = urllib.request.urlopen(request, timeout=timeout_seconds)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not size:
            raise
        # There is nothing after these bytes: they are the whole file, or of another one.
        if error.headers["Content-Range"] != f"bytes */{size}":
            part.unlink()
            receive_rest(url, part, timeout_seconds, max_bytes, progress)
        return
    with response:
        size = _start(response, part, size)
        total = None if response.length is None else size + response.length
        check_size(url, part, total or 0, max_bytes)
        if response.length:
            atomic_files.check_space(part, response.length)
        for received in _store(_blocks(response), part, size):
            check_size(url, part, received, max_bytes)
            progress(part.name.removesuffix(".part"), received, total)
    if total is not None and size_of(part) < total:
        raise ConnectionError(f"{size_of(part)} of {total} bytes came")


def _start(response: http.client.HTTPResponse, part: Path, size: int) -> int:
    """Say after which byte the answer starts: those that were asked for, or all."""
    if response.status != 206:
        return 0
    if not (response.headers["Content-Range"] or "").startswith(f"bytes {size}-"):
        part.unlink(missing_ok=True)
        raise ConnectionError("the server sent other bytes than it was asked for")
    return size


def check_size(url: str, part: Path, size: int, max_bytes: int) -> None:
    """Give up, and the part too, where a file is larger than any that is meant.

    Raises:
        NmtError: if it is.
    """
    if size > max_bytes:
        part.unlink(missing_ok=True)
        raise NmtError(
            f"{url} has more than fetch.max_bytes={max_bytes} bytes; it was removed; "
            "raise fetch.max_bytes=…, or fetch it from elsewhere with corpus.address=…"
        )


class _BrokenOffError(Exception):
    """Tells what the network said from what the disk says; both are an OSError."""


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Give what comes as it comes, so that it is kept even if the next byte never comes."""
    while True:
        try:
            block = response.read1(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise _BrokenOffError(error) from error
        if not block:
            return
        yield block


def _store(blocks: Iterator[bytes], part: Path, size: int) -> Iterator[int]:
    """Add blocks to `part`, or begin it anew if `size` is 0; give its growing size."""
    try:
        with part.open("ab" if size else "wb") as file:
            for block in blocks:
                file.write(block)
                size += len(block)
                yield size
    except _BrokenOffError as error:
        raise ConnectionError(error.args[0]) from error
    except OSError as error:
        raise NmtError(
            f"{part} cannot be written: {error.strerror or error}; {size_of(part)} bytes are kept; "
            "make room, then run the same command again to resume there"
        ) from error


def size_of(part: Path) -> int:
    """Count the bytes that are there already."""
    return part.stat().st_size if part.exists() else 0
