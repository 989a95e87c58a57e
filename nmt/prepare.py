"""`python -m nmt.prepare`: encode a corpus for training, and report its size."""

import sys

from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.data.preparation.preparation import prepared


def prepare(config: DictConfig) -> None:
    """Train the tokenizer, encode the corpus, log its report, and print its folder's name."""
    sys.stdout.write(f"{prepared(config).folder}\n")


if __name__ == "__main__":
    sys.exit(run("prepare", prepare))
