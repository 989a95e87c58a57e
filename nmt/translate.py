"""`python -m nmt.translate`: raw text in, raw text out, one line for each line."""

import logging
import sys
import time
from dataclasses import replace

from omegaconf import DictConfig

from nmt.config.arguments import name
from nmt.config.command_line import run
from nmt.config.instantiate import instantiate
from nmt.data.text import streams
from nmt.inference.engines.engine import Engine

logger = logging.getLogger(__name__)


def translate(config: DictConfig) -> None:
    """Translate standard input, or input=FILE, line by line to standard output, or output=FILE."""
    engine: Engine = instantiate(config.engine)
    windows, output_format = instantiate(config.windows), instantiate(config.output_format)
    if at_once := config.interactive or (config.input is None and sys.stdin.isatty()):
        windows = replace(windows, lines=1)
    translator = engine.load(config, windows)
    if config.input is None and sys.stdin.isatty():
        logger.info("type a line to translate it; Ctrl-D ends")
    began = time.monotonic()
    count = 0
    lines = streams.read(
        name(config.input), config.starter_suffix, instantiate(config.invalid_text)
    )
    with streams.open_output(name(config.output)) as file:
        for translation in translator.stream(lines):
            file.write(output_format(count, translation).encode())
            count += 1
            if at_once:
                file.flush()
    seconds = time.monotonic() - began
    rate = count / max(seconds, 1e-9)
    logger.info("translated %d lines in %.1f s, %.1f lines/s", count, seconds, rate)


if __name__ == "__main__":
    sys.exit(run("translate", translate, ("input",)))
