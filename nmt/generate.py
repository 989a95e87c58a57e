"""`python -m nmt.generate`: a language model writes, beginning with `prompt=`."""

import sys
from pathlib import Path

from omegaconf import DictConfig

from nmt import allocator
from nmt.command_line import run
from nmt.strangers.folder import inspect


def generate(config: DictConfig) -> None:
    """Write a line to standard output, each piece as soon as it is chosen."""
    folder = Path(str(config.run))
    inspect(folder, ("language_model",), config.trust)
    # Imported after that look, as they import torch.
    from nmt import device
    from nmt.language_bundle import LanguageBundle
    from nmt.writing import Writer

    allocator.keep_blocks()
    device.use_threads(config.threads)
    place = device.choose(config.device)
    writer = Writer(
        temperature=config.temperature,
        top_k=config.top_k,
        top_p=config.top_p,
        seed=config.seed,
        max_pieces=config.max_pieces,
    )
    bundle = LanguageBundle.load(folder, config.trust, place)
    for text in writer(bundle.model, bundle.tokenizer, str(config.prompt), place):
        sys.stdout.write(text)
        sys.stdout.flush()
    sys.stdout.write("\n")


if __name__ == "__main__":
    sys.exit(run("generate", generate))
