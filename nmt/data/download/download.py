"""Public text files over HTTP: unpacked, compared with their checksums, then put in place."""

import gzip
import hashlib
import http.client
import io
import logging
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nmt.runtime import atomic_files, checksums, locks
from nmt.runtime.errors import ConfigurationError, NmtError

BLOCK = 1 << 16  # bytes read at once
RETRIED = (408, 429, 500, 502, 503, 504)  # HTTP statuses after which another request may succeed

Progress = Callable[[str, int, int | None], None]
"""Called after each block with the file's name, bytes received, and bytes in all (if known)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PackedText:
    """A text file that a server keeps as gzip.

    Attributes:
        name: of the unpacked file; the server adds `.gz`.
        sha256: checksum of the unpacked text, in hexadecimal digits.
    """

    name: str
    sha256: str


@dataclass(frozen=True)
class PublicCorpus:
    """Files of one address that belong together.

    Attributes:
        address: of the folder on the server, https:// or http://.
        folder: where the files go unless the user names another folder.
        source: authors of the corpus, for the log.
        licence: permitted uses, for the log.
        files: all files of the corpus.

    Raises:
        ConfigurationError: if the address is of another kind.
    """

    address: str
    folder: str
    source: str
    licence: str
    files: list[PackedText]

    def __post_init__(self) -> None:
        """Check the address, since urllib would also read local files."""
        if not self.address.startswith(("https://", "http://")):
            raise ConfigurationError(
                f"corpus.address={self.address}: expected an address that begins with https://"
            )


@dataclass(frozen=True)
class Downloader:
    """Downloads files small enough for memory; each is complete and verified, or absent.

    Attributes:
        timeout_seconds: after which a silent server is given up.
        tries: requests made before giving up.
        pause_seconds: between two requests.
        max_bytes: of a file, packed or unpacked.
    """

    timeout_seconds: float
    tries: int
    pause_seconds: float
    max_bytes: int

    def __call__(self, address: str, text: PackedText, folder: Path, progress: Progress) -> bool:
        """Download `address/NAME.gz` as `folder/NAME`, unless the right text exists already.

        Returns:
            whether anything was downloaded.

        Raises:
            LockedError: if another process downloads into the folder.
            NmtError: if the file cannot be received or written, or has another checksum.
        """
        path = folder / text.name
        if path.is_file():
            if checksums.sha256_of(path) == text.sha256:
                log.info("%s exists and has the expected checksum", path)
                return False
            log.warning("%s has another checksum than expected; downloading it again", path)
        atomic_files.make_folder(folder, "folder")
        url = f"{address.rstrip('/')}/{text.name}.gz"
        with locks.transient(folder.resolve()):  # which the user may name by a link
            unpacked = self._unpack(url, self._receive(url, progress))
            checksum = hashlib.sha256(unpacked).hexdigest()
            if checksum != text.sha256:
                raise NmtError(
                    f"{url}: the unpacked text of {text.name} has the SHA-256 checksum {checksum},"
                    f" expected {text.sha256}; give another address with corpus.address=…"
                )
            atomic_files.write(path, unpacked)
        log.info("%s: %d bytes with the expected checksum", path, len(unpacked))
        return True

    def _receive(self, url: str, progress: Progress) -> bytes:
        reason = ""
        for attempt in range(self.tries):
            if attempt:
                log.warning("%s: %s; trying again", url, reason)
                time.sleep(self.pause_seconds)
            try:
                return self._request(url, progress)
            except urllib.error.HTTPError as error:
                reason = f"the server answered {error.code} {error.reason}"
                if error.code not in RETRIED:
                    raise NmtError(
                        f"{url}: {reason}; give another address with corpus.address=…"
                    ) from error
            except urllib.error.URLError as error:
                reason = f"cannot be reached: {error.reason}"
            except (http.client.InvalidURL, ValueError) as error:
                raise NmtError(
                    f"{url}: this, or the address that the server redirects to, cannot be requested"
                    f" ({error}); give another address with corpus.address=…"
                ) from error
            except (OSError, http.client.HTTPException) as error:
                reason = f"broke off: {error}"
        raise NmtError(
            f"{url}: {reason} (tried {self.tries} times); check the network, then run the same"
            " command again"
        )

    def _request(self, url: str, progress: Progress) -> bytes:
        received = bytearray()
        with urllib.request.urlopen(url, timeout=self.timeout_seconds) as response:
            total: int | None = response.length
            self._check_size(url, total or 0)
            while block := response.read(BLOCK):
                received += block
                self._check_size(url, len(received))
                progress(url.rpartition("/")[2], len(received), total)
        if total is not None and len(received) < total:
            raise ConnectionError(f"{len(received)} of {total} bytes were received")
        return bytes(received)

    def _unpack(self, url: str, packed: bytes) -> bytes:
        try:
            with gzip.open(io.BytesIO(packed)) as file:
                text = file.read(self.max_bytes + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise NmtError(
                f"{url}: not a complete gzip file ({error}); run the same command again, or give"
                " another address with corpus.address=…"
            ) from error
        self._check_size(url, len(text))
        return text

    def _check_size(self, url: str, size: int) -> None:
        if size > self.max_bytes:
            raise NmtError(
                f"{url} has more than fetch.max_bytes={self.max_bytes} bytes; raise"
                " fetch.max_bytes=…, or give another address with corpus.address=…"
            )
