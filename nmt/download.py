"""Fetches a public corpus: `python -m nmt.download multi30k`.

Files that are there with the right sum are left alone, and a broken download is resumed by the
same command. Tested against a local server only: where this was developed, the public addresses
cannot be reached. `corpus.address=http://localhost:8000` fetches from elsewhere.
"""

import logging
import sys
from pathlib import Path

from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.config.instantiate import instantiate

log = logging.getLogger(__name__)


def live_line(name: str, received: int, total: int | None) -> None:
    """Rewrite one line of a terminal with how much of a file has come; be silent elsewhere."""
    if sys.stderr.isatty():
        share = "" if total is None else f" of {total / 1e6:.2f}"
        end = "\n" if received == total else ""
        sys.stderr.write(f"\r{name}  {received / 1e6:.2f}{share} MB{end}")
        sys.stderr.flush()


def download(config: DictConfig) -> None:
    """Fetch what is missing of `corpus` into `folder`."""
    corpus = instantiate(config.corpus)
    fetch = instantiate(config.fetch)
    folder = Path(config.folder)
    log.info("%s; %s", corpus.source, corpus.licence)
    log.info("from %s into %s", corpus.address, folder)
    fetched = [fetch(corpus.address, text, folder, live_line) for text in corpus.files]
    log.info("%d files fetched, %d were there", sum(fetched), len(fetched) - sum(fetched))


if __name__ == "__main__":
    sys.exit(run("download", download, words=("corpus",)))
