"""`python -m nmt.score`: log-probabilities of lines in nats; perplexities in the log.

A language model scores lines: `run=runs/lm < lines`. A translation model scores translations of
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
from nmt.runtime import allocator, output_files
from nmt.runtime.errors import ConfigurationError

log = logging.getLogger(__name__)


def score(config: DictConfig) -> None:
    """Write each line's log-probability, END included, in nats; totals go to the log."""
    folder = Path(str(config.run))
    inspected = inspect(folder, ANY, config.trust)
    _check_source(folder, inspected.kind == "model", config.source)
    # Imported only now, as they import torch.
    from nmt.config.instantiate import instantiate
    from nmt.evaluation.likelihood import LikelihoodTotal, ScoredLine, load_scorer
    from nmt.runtime.device import choose, set_threads

    allocator.keep_freed_blocks()
    set_threads(config.threads)
    device = choose(config.device)
    scorer = load_scorer(inspected, instantiate(config.windows), device)
    total = LikelihoodTotal()
    with output_files.open_output(name(config.output)) as file:
        texts = _texts(config, instantiate(config.invalid_text))
        for likelihood in scorer(ScoredLine(text, source) for text, source in texts):
            total.add(likelihood)
            file.write(f"{likelihood.log_probability:.6f}\n".encode())
        values = total.values()
    log.info(
        "%d lines: cross-entropy %.4f nats per piece, perplexity %.4g per piece, %.4g per word",
        total.lines,
        values["cross_entropy"],
        values["perplexity"],
        values["word_perplexity"],
    )


def _check_source(folder: Path, translates: bool, source: object) -> None:
    if translates and source is None:
        raise ConfigurationError(
            f"{folder} holds a translation model, which scores translations: give source=FILE,"
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
