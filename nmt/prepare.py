"""`python -m nmt.prepare`: encode a corpus for training, and report what it contains."""

import sys
from pathlib import Path

from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.config.instantiate import instantiate
from nmt.data.preparation.preparation import Preparation, PreparedCorpus
from nmt.runtime import cpus, output_files


def prepare(config: DictConfig) -> None:
    """Train the tokenizers, encode the corpus, report; print the folder's name on stdout."""
    output_files.print_text(f"{prepared(config).folder}\n")


def prepared(config: DictConfig) -> PreparedCorpus:
    """Prepare the corpus of a command's configuration, or find it prepared.

    Args:
        config: with the nodes `data`, `filter`, `tokenizer` and `vocabulary`, and the folder
            `prepared`.

    Raises:
        NmtError: what `Preparation` raises.
    """
    preparation = Preparation(
        config.data.name,
        instantiate(config.data.train),
        instantiate(config.data.valid),
        instantiate(config.filter),
        instantiate(config.tokenizer),
        instantiate(config.vocabulary),
    )
    workers = cpus.parse_count("preparation_workers", config.preparation_workers)
    return preparation(Path(config.prepared), workers or cpus.count())


if __name__ == "__main__":
    sys.exit(run("prepare", prepare))
