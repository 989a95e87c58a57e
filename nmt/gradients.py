"""`python -m nmt.gradients`: how far back a loss reaches, by the norms of its gradients.

`run=[runs/a,runs/b]` measures trained models, `fresh=[elman,lstm]` language models of these cells
as training starts with them. A table and a picture are written; `nmt.analysis.gradients.flow`
defines the numbers.
"""

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nmt.analysis.plots.file_formats import check_format
from nmt.config import arguments
from nmt.config.command_line import configuration, own_configs, run
from nmt.config.instantiate import instantiate, plain
from nmt.inspection.model_folder import ANY, InspectedModel, inspect_all
from nmt.runtime import allocator
from nmt.runtime.checks import at_least
from nmt.runtime.errors import ConfigurationError

log = logging.getLogger(__name__)


def gradients(config: DictConfig) -> None:
    """Measure all models on the same text; write a table, and a picture of all curves."""
    models = inspect_all(arguments.several(config.run), ANY, config.trust)
    _check(config, models)
    check_format(output := Path(str(config.output)))
    cells = {str(name): fresh_cell(config, str(name)) for name in config.fresh}
    # Imported only now, as they import torch; `plot` first, as it names a missing matplotlib.
    from nmt.analysis.gradients import table
    from nmt.analysis.gradients.measurement import GradientMeasurement, TextReader
    from nmt.analysis.plots import plot
    from nmt.analysis.plots.gradients import draw
    from nmt.runtime.device import choose, set_threads

    allocator.keep_freed_blocks()
    set_threads(config.threads)
    reader = TextReader(config.lines, config.joined, instantiate(config.invalid_text))
    suffix = instantiate(config.side).select(".de", ".en")
    text = reader(str(config.input), suffix, arguments.name(config.source))
    device = choose(config.device)
    measurement = GradientMeasurement(text, instantiate(config.windows), config.distance, device)
    curves = [curve for model in models for curve in measurement.trained(model)]
    for name, network, tokenizer in _fresh(config, cells):
        curves += measurement.fresh(name, network, tokenizer)
    table.write(Path(config.table), curves)
    plot.save(draw(curves), output)
    log.info("wrote %s and %s", config.table, output)


def _check(config: DictConfig, models: Sequence[InspectedModel]) -> None:
    if not models and not config.fresh:
        raise ConfigurationError(
            "run=[] and fresh=[] name no model; expected runs, as in run=[runs/a,runs/b], or cells,"
            " as in fresh=[elman,lstm]"
        )
    for key in ("lines", "joined", "distance"):
        at_least(key, config[key], 1)
    translating = [model.folder for model in models if model.kind == "model"]
    if translating and config.source is None:
        raise ConfigurationError(
            f"{translating[0]} holds a translation model, which reads a source: give source=FILE,"
            " whose lines the text translates"
        )
    if config.source is not None and not translating:
        raise ConfigurationError(
            f"source={config.source}: none of the models translates; leave it out"
        )
    if config.fresh and "network" not in config.model:
        raise ConfigurationError("language_model=ngram has no gradients; take recurrent")


def _fresh(config: DictConfig, cells: Mapping[str, DictConfig]) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, network and tokenizer of a language model of each cell, as training starts."""
    if not cells:
        return
    from nmt.models.factory import language_network
    from nmt.prepare import prepared
    from nmt.runtime import random_state

    tokenizer = instantiate(config.side).tokenizer(prepared(config).tokenizers)
    for name, cell in cells.items():
        OmegaConf.update(config, "model.cell", cell, merge=False, force_add=True)
        random_state.seed(config.seed)
        yield name, language_network(plain(config.model), tokenizer.size), tokenizer


def fresh_cell(config: DictConfig, name: str) -> DictConfig:
    """Return a node of `cells`, or else of the group model/cell."""
    if name not in config.cells:
        config = configuration("gradients", [*own_configs(), f"+model/cell@cells.{name}={name}"])
    node: DictConfig = config.cells[name]
    return node


if __name__ == "__main__":
    sys.exit(run("gradients", gradients, ("input",)))
