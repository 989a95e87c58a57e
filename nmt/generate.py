"""`python -m nmt.generate`: a language model continues `prompt=`."""

import sys
from pathlib import Path

from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.inspection.model_folder import inspect
from nmt.runtime import allocator, output_files


def generate(config: DictConfig) -> None:
    """Write a line to standard output, each piece as soon as it is chosen."""
    inspected = inspect(Path(str(config.run)), ("language_model",), config.trust)
    # Imported only now, as they import torch.
    from nmt.inference.generation import TextGenerator
    from nmt.models.saved.language_model import SavedLanguageModel
    from nmt.runtime.device import choose, set_threads

    allocator.keep_freed_blocks()
    set_threads(config.threads)
    device = choose(config.device)
    generator = TextGenerator(
        temperature=config.temperature,
        top_k=config.top_k,
        top_p=config.top_p,
        seed=config.seed,
        max_pieces=config.max_pieces,
    )
    saved = SavedLanguageModel.load(inspected, device)
    for text in generator(saved.model, saved.tokenizer, str(config.prompt), device):
        output_files.print_text(text)
    output_files.print_text("\n")


if __name__ == "__main__":
    sys.exit(run("generate", generate))
