"""`python -m nmt.score`: how probable lines are; a number in nats a line, perplexities in the log.

A language model judges lines: `run=runs/lm < lines`. A translation model judges translations of
sources: `run=runs/a source=test.de < test.en`.
"""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from omegaconf import DictConfig

from nmt.config.arguments import name
from nmt.config.command_line import run
from nmt.data.text import streams
from nmt.data.text.invalid_text.invalid_text import InvalidText
from nmt.data.text.parallel import parallel
from nmt.inspection.model_folder import ANY, inspect
from nmt.runtime import allocator
from nmt.runtime.errors import ConfigurationError

logger = logging.getLogger(__name__)


def score(config: DictConfig) -> None:
    """Write each line's log-probability, END included, in nats; totals go to the log."""
    folder = Path(str(config.run))
    inspected = inspect(folder, ANY, config.trust)
    _check_source(folder, inspected.kind == "model", config.source)
    # Imported after that look, as they import torch.
    from nmt.config.instantiate import instantiate
    from nmt.evaluation.likelihood import LikelihoodTotal, ScoredLine, load
    from nmt.runtime import device

    allocator.keep_freed_blocks()
    device.set_threads(config.threads)
    judge = load(inspected, instantiate(config.windows), device.choose(config.device))
    total = LikelihoodTotal()
    with streams.open_output(name(config.output)) as file:
        texts = _texts(config, instantiate(config.invalid_text))
        for likelihood in judge(ScoredLine(text, source) for text, source in texts):
            total.add(likelihood)
            file.write(f"{likelihood.log_probability:.6f}\n".encode())
        values = total.values()
    logger.info(
        "%d lines: cross-entropy %.4f nats a piece, perplexity %.4g a piece, %.4g a word",
        total.lines,
        values["cross_entropy"],
        values["perplexity"],
        values["word_perplexity"],
    )


def _check_source(folder: Path, translates: bool, source: object) -> None:
    if translates and source is None:
        raise ConfigurationError(
            f"{folder} holds a translation model, which judges translations: give source=FILE,"
            " whose lines they translate"
        )
    if not translates and source is not None:
        raise ConfigurationError(
            f"source={source}: {folder} holds a language model, which reads no source; leave it out"
        )


def _texts(config: DictConfig, invalid_text: InvalidText) -> Iterator[tuple[str, str]]:
    source = name(config.source)
    texts = streams.read(name(config.input), ".en", invalid_text)
    if source is None:
        return ((text, "") for text in texts)
    names = name(config.input) or streams.STANDARD_INPUT, source
    return parallel(names, texts, streams.read(source, ".de", invalid_text))


if __name__ == "__main__":
    sys.exit(run("score", score, ("input",)))
