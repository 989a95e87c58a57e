"""`python -m nmt.translate`: raw text in, raw text out, one line for each line."""

import logging
import sys
import time
from dataclasses import replace

from omegaconf import DictConfig, ListConfig

from nmt import allocator, device, streams
from nmt.build import instantiate
from nmt.command_line import run
from nmt.errors import ConfigurationError
from nmt.translator import Translator

logger = logging.getLogger(__name__)


def translate(config: DictConfig) -> None:
    """Translate standard input, or input=FILE, line by line to standard output, or output=FILE."""
    allocator.keep_blocks()
    device.use_threads(config.threads)
    windows, output_format = instantiate(config.windows), instantiate(config.output_format)
    if at_once := config.interactive or (config.input is None and sys.stdin.isatty()):
        windows = replace(windows, lines=1)
    translator = Translator.load(
        runs(config.run),
        search=instantiate(config.search),
        long_lines=instantiate(config.long_lines),
        windows=windows,
        device=config.device,
        trust=config.trust,
        fusion=instantiate(config.fusion),
    )
    if config.input is None and sys.stdin.isatty():
        logger.info("type a line to translate it; Ctrl-D ends")
    began = time.monotonic()
    count = 0
    with streams.writing(_name(config.output)) as file:
        for translation in translator.stream(streams.read(_name(config.input), config.side)):
            file.write(output_format(count, translation).encode())
            count += 1
            if at_once:
                file.flush()
    seconds = time.monotonic() - began
    rate = count / max(seconds, 1e-9)
    logger.info("translated %d lines in %.1f s, %.1f lines/s", count, seconds, rate)


def _name(given: object) -> str | None:
    """Give a file's name as text, also where it is a number."""
    return None if given is None else str(given)


def runs(names: object) -> list[str]:
    """Give the folders that `run=` names, be it one or a list.

    Raises:
        ConfigurationError: if it names none.
    """
    several = list(names) if isinstance(names, ListConfig) else [names]
    if not several:
        raise ConfigurationError("run=[] names no model; expected a run's folder, or several")
    return [str(name) for name in several]


if __name__ == "__main__":
    sys.exit(run("translate", translate))
