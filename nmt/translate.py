"""`python -m nmt.translate`: raw text in, raw text out, one line for each line."""

import logging
import sys
import time
from dataclasses import replace

from omegaconf import DictConfig

from nmt import allocator, streams
from nmt.command_line import run
from nmt.given import folders, name
from nmt.strangers.folder import inspect_all

logger = logging.getLogger(__name__)


def translate(config: DictConfig) -> None:
    """Translate standard input, or input=FILE, line by line to standard output, or output=FILE."""
    inspect_all(folders(config.run), ("model",), config.trust)
    if isinstance(config.fusion.run, str):
        inspect_all([config.fusion.run], ("language_model",), config.trust)
    # Imported after that look, as they import torch.
    from nmt import device, workers
    from nmt.build import instantiate
    from nmt.translator import Translator

    allocator.keep_blocks()
    device.use_threads(config.threads)
    windows, output_format = instantiate(config.windows), instantiate(config.output_format)
    if at_once := config.interactive or (config.input is None and sys.stdin.isatty()):
        windows = replace(windows, lines=1)
    translator = Translator.load(
        folders(config.run),
        search=instantiate(config.search),
        long_lines=instantiate(config.long_lines),
        windows=windows,
        device=config.device,
        trust=config.trust,
        fusion=instantiate(config.fusion),
    )
    number = workers.count(config.workers, config.threads, translator.device)
    translator = replace(translator, workers=number)
    if config.input is None and sys.stdin.isatty():
        logger.info("type a line to translate it; Ctrl-D ends")
    began = time.monotonic()
    count = 0
    lines = streams.read(name(config.input), config.side, instantiate(config.invalid_text))
    with streams.writing(name(config.output)) as file:
        for translation in translator.stream(lines):
            file.write(output_format(count, translation).encode())
            count += 1
            if at_once:
                file.flush()
    seconds = time.monotonic() - began
    rate = count / max(seconds, 1e-9)
    logger.info("translated %d lines in %.1f s, %.1f lines/s", count, seconds, rate)


if __name__ == "__main__":
    sys.exit(run("translate", translate))
