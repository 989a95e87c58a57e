"""Packed text files over HTTP: resumed where they broke off, unpacked, checked, then renamed."""

import gzip
import hashlib
import http.client
import logging
import os
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nmt.errors import ConfigurationError, NmtError

BLOCK = 1 << 16  # bytes read at once
TEMPORARY = (408, 429, 500, 502, 503, 504)  # HTTP states after which asking again may help

log = logging.getLogger(__name__)
Progress = Callable[[str, int, int | None], None]
"""Told of each block: the file's name, bytes received of it, bytes in all if the server said."""


@dataclass(frozen=True)
class PackedText:
    """A text file that a server keeps as gzip.

    Attributes:
        name: of the unpacked file; the server adds `.gz`.
        sha256: sum of the unpacked text, in hexadecimal digits.
    """

    name: str
    sha256: str


@dataclass(frozen=True)
class PublicCorpus:
    """Files of one address that belong together.

    Attributes:
        address: of the folder on the server, https:// or http://.
        folder: where the files belong if the user names no other place.
        source: whose work it is, for the log.
        licence: what it may be used for, for the log.
        files: all that is fetched.

    Raises:
        ConfigurationError: if the address is of another kind.
    """

    address: str
    folder: str
    source: str
    licence: str
    files: list[PackedText]

    def __post_init__(self) -> None:
        """Refuse what urllib would read too, such as files of this machine."""
        if not self.address.startswith(("https://", "http://")):
            raise ConfigurationError(f"address {self.address!r} does not begin with https://")


@dataclass(frozen=True)
class Fetch:
    """Brings one file into a folder, or nothing: under its name stands the right text or none.

    Attributes:
        timeout_seconds: how long a silent server is waited for.
        tries: how often a connection that fails or breaks is made, each time resuming.
        pause_seconds: between two tries.
    """

    timeout_seconds: float
    tries: int
    pause_seconds: float

    def __call__(self, address: str, text: PackedText, folder: Path, progress: Progress) -> bool:
        """Fetch `address/NAME.gz` as `folder/NAME`, unless the right text is there already.

        What was received stays in `NAME.gz.part` until it is unpacked, so that the next call
        asks only for the rest.

        Returns:
            whether anything had to be fetched.

        Raises:
            NmtError: if the file cannot be had, or is not the text that the sum is of.
        """
        goal = folder / text.name
        if goal.is_file():
            if _sum(goal) == text.sha256:
                log.info("%s is there and its sum is right", goal)
                return False
            log.warning("%s is not the expected text (by its sum); fetching it again", goal)
        _make(folder)
        part = folder / f"{text.name}.gz.part"
        url = f"{address.rstrip('/')}/{text.name}.gz"
        self._receive(url, part, progress)
        _unpack(part, goal, text.sha256, url)
        log.info("%s: %d bytes, sum is right", goal, goal.stat().st_size)
        return True

    def _receive(self, url: str, part: Path, progress: Progress) -> None:
        reason = ""
        for attempt in range(self.tries):
            if attempt:
                log.warning("%s: %s; trying again", url, reason)
                time.sleep(self.pause_seconds)
            try:
                _receive_rest(url, part, self.timeout_seconds, progress)
                return
            except urllib.error.HTTPError as error:
                reason = f"the server says {error.code} {error.reason}"
                if error.code not in TEMPORARY:
                    raise NmtError(f"{url}: {reason}; the address is corpus.address=…") from error
            except urllib.error.URLError as error:
                reason = f"cannot be reached: {error.reason}"
            except (OSError, http.client.HTTPException) as error:
                reason = f"broke off: {error}"
        kept = part.stat().st_size if part.exists() else 0
        advice = "check the network, then run the same command again"
        if kept:
            advice = f"{kept} bytes are kept; run the same command again to resume there"
        raise NmtError(f"{url}: {reason} (tried {self.tries} times); {advice}")


def _receive_rest(url: str, part: Path, timeout_seconds: float, progress: Progress) -> None:
    """Ask for what is not yet in `part`, and add it there."""
    size = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={size}-"} if size else {})
    try:
        response = urllib.request.urlopen(request, timeout=timeout_seconds)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not size:
            raise
        # There is nothing after these bytes: they are the whole file, or of another one.
        if error.headers["Content-Range"] != f"bytes */{size}":
            part.unlink()
            _receive_rest(url, part, timeout_seconds, progress)
        return
    with response:
        if response.status == 206:
            if not (response.headers["Content-Range"] or "").startswith(f"bytes {size}-"):
                part.unlink()
                raise ConnectionError("the server sent other bytes than it was asked for")
        else:  # It knows no ranges and sends all.
            size = 0
        _store(response, part, size, progress)


def _store(response: http.client.HTTPResponse, part: Path, size: int, progress: Progress) -> None:
    length = response.headers["Content-Length"]
    total = None if length is None else size + int(length)
    with part.open("ab" if size else "wb") as file:
        while block := response.read(BLOCK):
            file.write(block)
            size += len(block)
            progress(part.name.removesuffix(".part"), size, total)
    if total is not None and size < total:
        raise ConnectionError(f"{size} of {total} bytes came")


def _unpack(part: Path, goal: Path, sha256: str, url: str) -> None:
    """Put the text in its place if its sum is right; else leave neither it nor `part`."""
    temporary = goal.with_name(f"{goal.name}.unpacked")
    try:
        found = _copy(part, temporary)
        if found != sha256:
            raise NmtError(
                f"{url}: the unpacked text of {goal.name} has the sha256 sum {found}, expected "
                f"{sha256}; it was removed; fetch it from elsewhere with corpus.address=…"
            )
        temporary.replace(goal)
        _flush(goal.parent)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        part.unlink()
        raise NmtError(
            f"{url}: not a whole gzip file ({error}); it was removed; run the same command again"
        ) from error
    except OSError as error:
        raise NmtError(f"{goal} cannot be written: {error}") from error
    except NmtError:
        part.unlink()
        raise
    finally:
        temporary.unlink(missing_ok=True)
    part.unlink()


def _copy(part: Path, temporary: Path) -> str:
    """Unpack to the disk and give the text's sum."""
    sum_ = hashlib.sha256()
    with gzip.open(part) as packed, temporary.open("wb") as file:
        while block := packed.read(BLOCK):
            sum_.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return sum_.hexdigest()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NmtError(f"the folder {folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise NmtError(f"the folder {folder} is not writable; give another with folder=…")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    """Write the folder itself to the disk, so that a renamed file survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
