"""`python -m benchmarks.recall`: how long do recurrent cells remember a word?

Trains one language model per cell, all with the same number of weights, on generated text
(`benchmarks/recall/stories.py`), and counts how often each predicts the repeated word, by the
number of clauses in between. Each cell is trained with each learning rate of `rates`; the one with
the lowest validation loss counts. `RUN/CELL/RATE` is an ordinary run, and
`python -m nmt.plot accuracy input=RUN/accuracy.csv` plots the result.
"""

import copy
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from omegaconf import DictConfig, OmegaConf, open_dict

from benchmarks.recall.answers import count_correct
from benchmarks.recall.sizes import nearest_size
from benchmarks.recall.stories import Text
from nmt.config.command_line import configuration, own_configs, run
from nmt.config.instantiate import instantiate, plain
from nmt.evaluation.contrastive.accuracy import AccuracyCount, AccuracyTable
from nmt.evaluation.likelihood import load_scorer
from nmt.inspection.model_folder import inspect
from nmt.models import parameters
from nmt.models.factory import language_network
from nmt.models.saved.folder import SCORES
from nmt.prepare import prepared
from nmt.runtime import atomic_files, checks, device, output_files
from nmt.runtime.errors import ConfigurationError, require
from nmt.train_language_model import learn

logger = logging.getLogger(__name__)

HOME = Path(__file__).parent / "conf"
"""Folder of this command's configuration."""

OWN = ("cells", "questions", "rates", "text", "trust", "weights")
"""Keys that are not settings of a training."""

OURS = {"_target_": "nmt.data.corpora.monolingual.MonolingualCorpus", "paths": "???"}
"""Node of a split of the text before this command sets its paths."""


def recall(config: DictConfig) -> None:
    """Train a language model per cell, and print how often each recalls the word."""
    names = [str(name) for name in config.cells]
    require(bool(names), "cells", names, "at least one cell")
    require(len(set(names)) == len(names), "cells", names, "each cell once")
    text, questions = instantiate(config.text), instantiate(config.questions)
    checks.at_least("weights", config.weights, 1)
    _check_data(config.data)
    rates = list(config.rates)
    require(bool(rates), "rates", rates, "at least one learning rate")
    for rate in rates:
        checks.finite("rates", rate)
        checks.above("rates", rate, 0)
    require(len(set(rates)) == len(rates), "rates", rates, "each learning rate once")
    trainings = {name: [training(config, name, float(rate)) for rate in rates] for name in names}
    write_text(text, config)
    pieces = prepared(trainings[names[0]][0]).tokenizers.target.size
    weights = {
        name: fit(several, config.weights, pieces, name) for name, several in trainings.items()
    }
    counts: list[AccuracyCount] = []
    best: dict[str, DictConfig] = {}
    for name, several in trainings.items():
        for candidate in several:
            learn(candidate, "benchmarks.recall")
        best[name] = min(several, key=_loss)
        logger.info("%s: best at a rate of %g", name, best[name].schedule.peak_rate)
        place = device.choose(config.device)
        inspected = inspect(Path(best[name].run), ("language_model",), config.trust)
        scorer = load_scorer(inspected, instantiate(config.windows), place)
        counts += count_correct(name, scorer, questions.stories())
    table = AccuracyTable("cell", "clauses between", counts)
    path = Path(str(config.run)) / "accuracy.csv"
    numbers = {
        name: (chosen.model.hidden_size, weights[name], chosen.schedule.peak_rate)
        for name, chosen in best.items()
    }
    columns = ("hidden_size", "weights", "rate")
    atomic_files.check_own(path)
    table.write(path, columns, [numbers[row.system] for row in counts])
    logger.info("to plot it: python -m nmt.plot accuracy input=%s", path)
    output_files.print_text(table.text())


def _loss(training: DictConfig) -> float:
    """Return the validation loss, by which one of several rates is chosen."""
    scores = json.loads((Path(training.run) / SCORES).read_text(encoding="utf-8"))
    return float(scores["values"]["loss"])


def training(config: DictConfig, cell: str, rate: float) -> DictConfig:
    """Return the configuration of one cell's training with one learning rate.

    Its run is a subfolder of the whole run, such as `elman/0.002`.

    Raises:
        ConfigurationError: if there is no such cell, or the language model has none.
    """
    if "cell" not in config.model:
        raise ConfigurationError(
            "the language model has no cell; expected language_model=recurrent, whose cells change"
        )
    choice = [*own_configs(), f"model/cell={cell}"]
    chosen = configuration("train_language_model", choice).model.cell
    result = copy.deepcopy(config)
    with open_dict(result):
        for part in ("train", "valid"):
            result.data[part].paths = str(_file(config, part))
        result.run = str(Path(str(config.run)) / cell / f"{rate:g}")
        result.schedule.peak_rate = rate
        result.model.cell = chosen
    return OmegaConf.masked_copy(result, [str(key) for key in result if key not in OWN])


def write_text(text: Text, config: DictConfig) -> None:
    """Write the text to train and to validate on into the folder `text` of the whole run."""
    for part in ("train", "valid"):
        content = "".join(f"{line}\n" for line in text.lines(part))
        atomic_files.write(_file(config, part), content.encode())


def _file(config: DictConfig, part: str) -> Path:
    return Path(str(config.run)) / "text" / f"{part}.txt"


def _check_data(data: DictConfig) -> None:
    """Check that no other text is configured: the questions fit the generated one only."""
    for part in ("train", "valid"):
        node = OmegaConf.to_container(data[part], resolve=True)
        assert isinstance(node, dict)
        for key, value in {str(key): value for key, value in node.items()}.items():
            if (key, value) not in OURS.items():
                raise ConfigurationError(
                    f"data.{part}.{key}={value}: this command trains on text that it generates"
                    " itself, in the folder text below run=; leave data= and its keys alone"
                )


def fit(trainings: Sequence[DictConfig], weights: int, pieces: int, cell: str) -> int:
    """Set the hidden size for a number of weights, and return the exact number.

    Args:
        trainings: of one cell.
        weights: target.
        pieces: size of the vocabulary.
        cell: its name.

    Raises:
        ConfigurationError: if no size comes close to that number.
    """

    def count(hidden_size: int) -> int:
        for training in trainings:
            training.model.hidden_size = hidden_size
        with torch.device("meta"):
            return parameters.count(language_network(plain(trainings[0].model), pieces))

    size = nearest_size(weights, count, cell)
    exact = count(size)
    logger.info("%s: hidden size %d, %d weights", cell, size, exact)
    return exact


if __name__ == "__main__":
    sys.exit(run("recall", recall, home=HOME))
