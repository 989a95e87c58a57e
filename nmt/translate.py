"""`python -m nmt.translate`: raw text in, raw text out, one line for each line."""

import logging
import sys
import time
from dataclasses import replace

from omegaconf import DictConfig

from nmt.config import arguments
from nmt.config.command_line import run
from nmt.config.instantiate import build, instantiate
from nmt.data.text import streams
from nmt.data.text.cleaning import count_removed, left_out
from nmt.inference.engines.engine import Engine, EngineOptions
from nmt.runtime import output_files
from nmt.search.checks import candidates

logger = logging.getLogger(__name__)


def translate(config: DictConfig) -> None:
    """Translate standard input, or input=FILE, by lines to standard output, or output=FILE."""
    engine: Engine = instantiate(config.engine)
    runs, trust = arguments.folders(config.run), arguments.several(config.trust)
    options = build(EngineOptions, config, runs=runs, trust=trust)
    output_format, decision = instantiate(config.output_format), instantiate(config.decision)
    decision.check(options.search)
    unused = not (decision.reads_all or output_format.writes_all)
    if unused and (best := candidates(options.search)) > 1:
        logger.warning(
            "search.best=%d: output_format=text writes the best translation of each line alone;"
            " output_format=moses and jsonl write them all",
            best,
        )
    if at_once := config.interactive or (config.input is None and sys.stdin.isatty()):
        options = replace(options, windows=replace(options.windows, lines=1))
    translator = engine.inspect(options)()
    if config.input is None and sys.stdin.isatty():
        logger.info("type a line to translate it; Ctrl-D ends")
    started = time.monotonic()
    count = invisible = 0
    lines = streams.read(
        arguments.name(config.input), config.starter_suffix, instantiate(config.invalid_text)
    )
    with output_files.open_output(arguments.name(config.output)) as file:
        for translation in map(decision, translator.stream(lines)):
            file.write(output_format(count, translation).encode())
            count += 1
            invisible += count_removed([translation.source])
            if at_once:
                file.flush()
    seconds = time.monotonic() - started
    rate = count / max(seconds, 1e-9)
    removed = left_out(invisible)
    logger.info("translated %d lines in %.1f s, %.1f lines/s%s", count, seconds, rate, removed)


if __name__ == "__main__":
    sys.exit(run("translate", translate, ("input",)))
