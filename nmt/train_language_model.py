"""`python -m nmt.train_language_model`: prepare a corpus if need be, and learn how its lines go."""

import json
import logging
import shlex
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.config.instantiate import instantiate, plain
from nmt.data.preparation.preparation import PreparedCorpus, prepared
from nmt.data.sides import Side
from nmt.data.tokenization.tokenizer import Tokenizer
from nmt.evaluation.likelihood import LanguageModelScorer, LikelihoodTotal, ScoredLine
from nmt.evaluation.perplexity import count_words, perplexities
from nmt.models.factory import language_network
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.language_models.ngram import NGramLanguageModel
from nmt.models.parameters import count, weights
from nmt.models.saved.folder import SCORES
from nmt.models.saved.language_model import save_language_model
from nmt.runtime import allocator, device, provenance, random_state
from nmt.runtime.errors import ConfigurationError
from nmt.training.averaging.kept_weights import KeptWeights
from nmt.training.callbacks import Callbacks
from nmt.training.checkpoints import Checkpoints
from nmt.training.distributed import collectives
from nmt.training.run import bounds, check, complete, optimizer, pace, settings_of_run, writing
from nmt.training.skipped_updates import SKIPPED, SkippedUpdates
from nmt.training.trainer import Trainer
from nmt.training.updater import Updater
from nmt.training.validation.language_model import LanguageModelValidation
from nmt.training.validation.validation import Validation

logger = logging.getLogger(__name__)

CHECKED = ("objective", "schedule", "precision", "averaging", "text_batching", "side")
"""Groups that can be made before there is a corpus."""

CPU = torch.device("cpu")


def train_language_model(config: DictConfig) -> None:
    """Train a language model, or go on with one; prints what it came to on stdout."""
    if learn(config, "train_language_model"):
        _show(config)


def learn(config: DictConfig, command: str) -> bool:
    """Train a language model, or go on with one, and say whether there was anything to do.

    Args:
        config: composed of `conf/train_language_model.yaml`.
        command: module that was called, for the message that says how to go on.
    """
    allocator.keep_freed_blocks()
    device.set_threads(config.threads)
    place = device.choose(config.device)
    if collectives.world_size() > 1:
        raise ConfigurationError(
            f"WORLD_SIZE={collectives.world_size()}: one process trains a language model; start it"
            " without torchrun, and with threads=NUMBER for several cores"
        )
    check(config, CHECKED)
    instantiate(config.criterion).score(dict.fromkeys(("loss", *perplexities(0.0, 1, 1)), 0.0))
    counted = "estimator" in config.model
    estimator = instantiate(config.model.estimator) if counted else None
    with writing(config.run):
        corpus, side = prepared(config), instantiate(config.side)
        agreement, checkpoints = settings_of_run(config, corpus.folder.name)
        random_state.seed(config.seed)
        tokenizer = side.tokenizer(corpus.tokenizers)
        if estimator is not None:
            agreement.write()
            _count(config, corpus, side, estimator, place)
            return True
        network = language_network(plain(config.model), tokenizer.size).to(place)
        logger.info("the model has %d weights", count(network))
        trainer = _trainer(config, corpus, side, network, checkpoints)
        return complete(trainer, command, agreement)


def _count(
    config: DictConfig, corpus: PreparedCorpus, side: Side, estimator: Any, place: torch.device
) -> None:
    """Make an n-gram model, and keep it."""
    tokenizer = side.tokenizer(corpus.tokenizers)
    lines = side.ids(corpus.train, np.arange(len(corpus.train)))
    began = time.monotonic()
    model = NGramLanguageModel(estimator(lines, tokenizer.size))
    seconds = time.monotonic() - began
    logger.info("counted %d pieces in %.1f s", int(lines.lengths.sum()), seconds)
    logger.info("the model has %d weights", model.weights)
    took = {"seconds": seconds, "pieces": int((lines.lengths + 1).sum())}
    validation = _validated(config, model, tokenizer, side.texts(corpus.valid))
    _keep(config, tokenizer, place, model.tensors(), validation, took)


def _trainer(
    config: DictConfig,
    corpus: PreparedCorpus,
    side: Side,
    network: LanguageNetwork,
    checkpoints: Checkpoints,
) -> Trainer:
    place = next(network.parameters()).device
    objective, precision = instantiate(config.objective), instantiate(config.precision)
    logger.info("computing in %s on %s", precision.name(place), provenance.machine(place))
    reading = instantiate(config.text_batching)
    epochs = reading.epochs(corpus.train, corpus.tokenizers, side, config.seed)
    reader = reading.reader(network)
    tokenizer = side.tokenizer(corpus.tokenizers)
    folder = Path(config.run)

    def keep_best(validation: Validation) -> None:
        _keep(
            config,
            tokenizer,
            place,
            weights(network),
            validation,
            {"text_batching": plain(config.text_batching)},
        )

    return Trainer(
        Updater(reader, objective, optimizer(config, network), precision, place, config.clip_norm),
        instantiate(config.schedule),
        epochs.data,
        epochs.rows,
        bounds(config),
        pace(config),
        Callbacks(
            validate=_held_out(config, corpus, side, network),
            criterion=instantiate(config.criterion),
            keep_best=keep_best,
            keep_skipped=SkippedUpdates(folder / SKIPPED, tokenizer, tokenizer),
            kept=KeptWeights(folder / "training" / "kept", instantiate(config.averaging)),
            journal=instantiate(config.logger),
        ),
        checkpoints,
    )


def _held_out(
    config: DictConfig, corpus: PreparedCorpus, side: Side, network: LanguageNetwork
) -> LanguageModelValidation:
    reading = instantiate(config.text_batching)
    valid = side.ids(corpus.valid, np.arange(len(corpus.valid)))
    held_out = LanguageModelValidation(
        network=network,
        reader=reading.reader,
        objective=instantiate(config.objective),
        precision=instantiate(config.precision),
        batches=partial(reading.held_out, corpus.valid, side),
        words=sum(map(count_words, side.texts(corpus.valid))),
        pieces=int((valid.lengths + 1).sum()),
        device=next(network.parameters()).device,
    )
    held_out.warm_up()
    return held_out


def _validated(
    config: DictConfig, model: NGramLanguageModel, tokenizer: Tokenizer, lines: Iterable[str]
) -> Validation:
    """Compute what `HeldOutText` computes of networks, the loss being unsmoothed."""
    judge, total = (
        LanguageModelScorer(model, tokenizer, instantiate(config.windows), CPU),
        LikelihoodTotal(),
    )
    for one in judge(ScoredLine(line, "") for line in lines):
        total.add(one)
    values = total.values()
    return Validation(values={"loss": values.pop("cross_entropy"), **values})


def _keep(
    config: DictConfig,
    tokenizer: Tokenizer,
    place: torch.device,
    tensors: dict[str, torch.Tensor],
    validation: Validation,
    how: dict[str, Any],
) -> None:
    scores: dict[str, Any] = {
        "set": "valid",
        "weights": sum(tensor.numel() for tensor in tensors.values() if tensor.is_floating_point()),
        "commit": provenance.commit(),
        "machine": provenance.machine(place),
        "values": dict(validation.values),
        **how,
    }
    save_language_model(Path(config.run), tensors, plain(config.model), tokenizer, scores)


def _show(config: DictConfig) -> None:
    scores = json.loads((Path(config.run) / SCORES).read_text(encoding="utf-8"))
    values = "  ".join(f"{name} {value:.4g}" for name, value in scores["values"].items())
    sys.stdout.write(f"run {config.run}\nvalid  {values}\n")
    name = shlex.quote(config.run)
    logger.info("to score lines: python -m nmt.score run=%s < FILE", name)
    logger.info("to write text:  python -m nmt.generate run=%s prompt='…'", name)


if __name__ == "__main__":
    sys.exit(run("train_language_model", train_language_model))
