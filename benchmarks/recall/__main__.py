"""`python -m benchmarks.recall`: how long do cells remember a word, with as many weights each?

Trains one language model a cell on text that is made for it (`benchmarks/recall/stories.py`), and
counts
how often each knows the word again, by the clauses between. Each cell learns at each of `rates`,
and that of the lowest loss on held-out lines counts. `RUN/CELL/RATE` is an ordinary run;
`python -m nmt.plot accuracy input=RUN/accuracy.csv` draws what was counted.
"""

import copy
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from omegaconf import DictConfig, OmegaConf, open_dict

from benchmarks.recall.answers import counted
from benchmarks.recall.sizes import nearest
from benchmarks.recall.stories import Text
from nmt.config import overrides
from nmt.config.command_line import configuration, run
from nmt.config.instantiate import instantiate, plain
from nmt.config.search_path import SearchPath
from nmt.evaluation.contrastive.accuracy import AccuracyCount, AccuracyTable
from nmt.evaluation.likelihood import load
from nmt.models import parameters
from nmt.models.factory import language_network
from nmt.models.saved.folder import SCORES
from nmt.prepare import prepared
from nmt.runtime import atomic_files, checks, device
from nmt.runtime.errors import ConfigurationError, require
from nmt.train_language_model import learn

logger = logging.getLogger(__name__)

HOME = Path(__file__).parent / "conf"
"""Folder of this command's configuration."""

OWN = ("cells", "questions", "rates", "text", "trust", "weights", "windows")
"""What is no setting of a training."""

OURS = {"_target_": "nmt.data.corpora.monolingual.MonolingualCorpus", "paths": "???"}
"""The node of a part of the text before this command says where it stands."""


def recall(config: DictConfig) -> None:
    """Train a language model a cell, all with as many weights, and print how long they remember."""
    names = [str(name) for name in config.cells]
    require(bool(names), "cells", names, "at least one cell")
    require(len(set(names)) == len(names), "cells", names, "each cell once")
    text, questions = instantiate(config.text), instantiate(config.questions)
    checks.at_least("weights", config.weights, 1)
    _check(config.data)
    rates = list(config.rates)
    require(bool(rates), "rates", rates, "at least one learning rate")
    for rate in rates:
        checks.finite("rates", rate)
        checks.above("rates", rate, 0)
    require(len(set(rates)) == len(rates), "rates", rates, "each learning rate once")
    trainings = {name: [training(config, name, float(rate)) for rate in rates] for name in names}
    write(text, config)
    pieces = prepared(trainings[names[0]][0]).tokenizers.target.size
    weights = {
        name: fit(several, config.weights, pieces, name) for name, several in trainings.items()
    }
    counts: list[AccuracyCount] = []
    taken: dict[str, DictConfig] = {}
    for name, several in trainings.items():
        for one in several:
            learn(one, "recall")
        taken[name] = min(several, key=_loss)
        logger.info("%s: best at a rate of %g", name, taken[name].schedule.peak_rate)
        place = device.choose(config.device)
        judge = load(Path(taken[name].run), instantiate(config.windows), config.trust, place)
        counts += counted(name, judge, questions.stories())
    table, path = (
        AccuracyTable("cell", "clauses between", counts),
        Path(str(config.run)) / "accuracy.csv",
    )
    numbers = {
        name: (one.model.hidden_size, weights[name], one.schedule.peak_rate)
        for name, one in taken.items()
    }
    columns = ("hidden_size", "weights", "rate")
    table.write(path, columns, [numbers[one.system] for one in counts])
    logger.info("to draw it: python -m nmt.plot accuracy input=%s", path)
    sys.stdout.write(table.text())


def _loss(training: DictConfig) -> float:
    """Give the loss of the validation set, by which one of several rates is taken."""
    scores = json.loads((Path(training.run) / SCORES).read_text(encoding="utf-8"))
    return float(scores["values"]["loss"])


def training(config: DictConfig, cell: str, rate: float) -> DictConfig:
    """Give the configuration of one cell's training at one learning rate.

    Its run lies below the whole's, as in `elman/0.002`.

    Raises:
        ConfigurationError: if there is no such cell, with the nearest; or no place for one.
    """
    if "cell" not in config.model:
        raise ConfigurationError(
            "the language model has no cell; expected language_model=recurrent, whose cells change"
        )
    choice = f"model/cell={cell}"
    overrides.check_choice(SearchPath.of(None, ()), overrides.parse(choice))
    one = copy.deepcopy(config)
    with open_dict(one):
        for part in ("train", "valid"):
            one.data[part].paths = str(_file(config, part))
        one.run = str(Path(str(config.run)) / cell / f"{rate:g}")
        one.schedule.peak_rate = rate
        one.model.cell = configuration(f"model/cell/{cell}", [], ()).model.cell
    return OmegaConf.masked_copy(one, [str(key) for key in one if key not in OWN])


def write(text: Text, config: DictConfig) -> None:
    """Write the text to learn from and to validate on below the whole's run."""
    for part in ("train", "valid"):
        content = "".join(f"{line}\n" for line in text.lines(part))
        atomic_files.write(_file(config, part), content.encode())


def _file(config: DictConfig, part: str) -> Path:
    return Path(str(config.run)) / "text" / f"{part}.txt"


def _check(data: DictConfig) -> None:
    """Refuse text of others: what is asked for is known of ours alone."""
    for part in ("train", "valid"):
        node = OmegaConf.to_container(data[part], resolve=True)
        assert isinstance(node, dict)
        for key, value in {str(key): value for key, value in node.items()}.items():
            if (key, value) not in OURS.items():
                raise ConfigurationError(
                    f"data.{part}.{key}={value}: this command learns from text that it writes"
                    " itself, into the folder text below run=; leave data= and its keys alone"
                )


def fit(trainings: Sequence[DictConfig], weights: int, pieces: int, cell: str) -> int:
    """Set the hidden size with which the models have this number of weights; give the true one.

    Args:
        trainings: of one cell.
        weights: wanted.
        pieces: size of the vocabulary.
        cell: its name.

    Raises:
        ConfigurationError: if no size gives about that number.
    """

    def count(hidden_size: int) -> int:
        for training in trainings:
            training.model.hidden_size = hidden_size
        with torch.device("meta"):
            return parameters.count(language_network(plain(trainings[0].model), pieces))

    size = nearest(weights, count, cell)
    found = count(size)
    logger.info("%s: hidden size %d, %d weights", cell, size, found)
    return found


if __name__ == "__main__":
    sys.exit(run("recall", recall, home=HOME))
