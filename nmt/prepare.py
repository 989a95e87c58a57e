"""`python -m nmt.prepare`: encode a corpus for training, and say what it holds."""

import sys

from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.data.preparation.preparation import prepared


def prepare(config: DictConfig) -> None:
    """Learn the pieces, encode the corpus, report; prints the folder's name on stdout."""
    sys.stdout.write(f"{prepared(config).folder}\n")


if __name__ == "__main__":
    sys.exit(run("prepare", prepare))
