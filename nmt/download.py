"""`python -m nmt.download multi30k`: download a public corpus.

Files that exist with the right checksum are left alone. `corpus.address=http://localhost:8000`
downloads from elsewhere.
"""

import logging
import sys
from pathlib import Path

from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.config.instantiate import instantiate

log = logging.getLogger(__name__)


def live_line(name: str, received: int, total: int | None) -> None:
    """Rewrite a progress line on a terminal (megabytes received); write nothing elsewhere."""
    if sys.stderr.isatty():
        share = "" if total is None else f" of {total / 1e6:.2f}"
        end = "\n" if received == total else ""
        sys.stderr.write(f"\r{name}  {received / 1e6:.2f}{share} MB{end}")
        sys.stderr.flush()


def download(config: DictConfig) -> None:
    """Download the missing files of `corpus` into `folder`, and check their checksums."""
    corpus = instantiate(config.corpus)
    fetch = instantiate(config.fetch)
    folder = Path(config.folder)
    log.info("%s; %s", corpus.source, corpus.licence)
    log.info("from %s into %s", corpus.address, folder)
    done = [fetch(corpus.address, text, folder, live_line) for text in corpus.files]
    log.info("%d files downloaded, %d existed", sum(done), len(done) - sum(done))


if __name__ == "__main__":
    sys.exit(run("download", download, ("corpus",)))
