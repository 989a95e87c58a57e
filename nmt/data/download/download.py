"""Packed text files over HTTP: resumed where they broke off, unpacked, checked, then renamed."""

import gzip
import hashlib
import http.client
import logging
import os
import time
import urllib.error
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nmt.data.download.receiving import BLOCK, Progress, check_size, receive_rest, size_of
from nmt.runtime import atomic_files, checksums, locks
from nmt.runtime.errors import ConfigurationError, NmtError

TEMPORARY = (408, 429, 500, 502, 503, 504)  # HTTP states after which asking again may help

log = logging.getLogger(__name__)


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
class Downloader:
    """Brings one file into a folder, or nothing: under its name stands the right text or none.

    Attributes:
        timeout_seconds: how long a silent server is waited for.
        tries: how often a connection that fails or breaks is made, each time resuming.
        pause_seconds: between two tries.
        max_bytes: of a file, packed or unpacked; a server that sends more is not believed.
    """

    timeout_seconds: float
    tries: int
    pause_seconds: float
    max_bytes: int

    def __call__(self, address: str, text: PackedText, folder: Path, progress: Progress) -> bool:
        """Fetch `address/NAME.gz` as `folder/NAME`, unless the right text is there already.

        What was received stays in `NAME.gz.part` until it is unpacked, so that the next call
        asks only for the rest; the folder is locked meanwhile.

        Returns:
            whether anything had to be fetched.

        Raises:
            LockedError: if another process fetches into the folder.
            NmtError: if the file cannot be had, or is not the text that the sum is of.
        """
        goal = folder / text.name
        if goal.is_file():
            if checksums.sha256_of(goal) == text.sha256:
                log.info("%s is there and its sum is right", goal)
                _tidy(goal)
                return False
            log.warning("%s is not the expected text (by its sum); fetching it again", goal)
        atomic_files.make(folder, "folder")
        with locks.passing(folder):
            self._fetch(f"{address.rstrip('/')}/{text.name}.gz", goal, text.sha256, progress)
        log.info("%s: %d bytes, sum is right", goal, goal.stat().st_size)
        return True

    def _fetch(self, url: str, goal: Path, sha256: str, progress: Progress) -> None:
        part = _part(goal)
        resumed = part.exists()
        self._receive(url, part, progress)
        try:
            _unpack(part, goal, sha256, url, self.max_bytes)
        except _NotTheFileError as error:
            # What was kept may be of another file, or have lost its end in a power cut.
            if not resumed:
                raise
            log.warning("%s; what was kept from before is not trusted, fetching all of it", error)
            self._receive(url, part, progress)
            _unpack(part, goal, sha256, url, self.max_bytes)

    def _receive(self, url: str, part: Path, progress: Progress) -> None:
        reason = ""
        for attempt in range(self.tries):
            if attempt:
                log.warning("%s: %s; trying again", url, reason)
                time.sleep(self.pause_seconds)
            try:
                receive_rest(url, part, self.timeout_seconds, self.max_bytes, progress)
                return
            except urllib.error.HTTPError as error:
                reason = f"the server says {error.code} {error.reason}"
                if error.code not in TEMPORARY:
                    raise NmtError(f"{url}: {reason}; the address is corpus.address=…") from error
            except urllib.error.URLError as error:
                reason = f"cannot be reached: {error.reason}"
            except (OSError, http.client.HTTPException) as error:
                reason = f"broke off: {error}"
        advice = "check the network, then run the same command again"
        if kept := size_of(part):
            advice = f"{kept} bytes are kept; run the same command again to resume there"
        raise NmtError(f"{url}: {reason} (tried {self.tries} times); {advice}")


class _NotTheFileError(NmtError):
    """What was received is not the file; it was removed."""


def _part(goal: Path) -> Path:
    return goal.with_name(f"{goal.name}.gz.part")


def _unpacked(goal: Path) -> Path:
    return goal.with_name(f"{goal.name}.unpacked")


def _unpack(part: Path, goal: Path, sha256: str, url: str, max_bytes: int) -> None:
    """Put the text in its place if its sum is right; else leave neither it nor `part`."""
    temporary = _unpacked(goal)
    try:
        found = _copy(part, temporary, url, max_bytes)
        if found != sha256:
            raise _NotTheFileError(
                f"{url}: the unpacked text of {goal.name} has the sha256 sum {found}, expected "
                f"{sha256}; it was removed; fetch it from elsewhere with corpus.address=…"
            )
        atomic_files.put(temporary, goal)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        part.unlink()
        raise _NotTheFileError(
            f"{url}: not a whole gzip file ({error}); it was removed; run the same command again"
        ) from error
    except OSError as error:
        raise NmtError(
            f"{goal} cannot be written: {error.strerror or error}; what was received is kept; "
            "make room, then run the same command again"
        ) from error
    except NmtError:
        part.unlink(missing_ok=True)
        raise
    finally:
        temporary.unlink(missing_ok=True)
    part.unlink()


def _copy(part: Path, temporary: Path, url: str, max_bytes: int) -> str:
    """Unpack to the disk and give the text's sum."""
    sum_, size = hashlib.sha256(), 0
    with gzip.open(part) as packed, temporary.open("wb") as file:
        while block := packed.read(BLOCK):
            size += len(block)
            check_size(url, part, size, max_bytes)
            sum_.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return sum_.hexdigest()


def _tidy(goal: Path) -> None:
    """Take away what a process left that was killed when the text was in its place already."""
    left = [path for path in (_part(goal), _unpacked(goal)) if path.exists()]
    if left or (goal.parent / locks.NAME).exists():
        # Where another process fetches now, it does so at its end.
        with suppress(NmtError, OSError), locks.passing(goal.parent):
            for path in left:
                path.unlink(missing_ok=True)
