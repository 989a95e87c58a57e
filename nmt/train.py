"""`python -m nmt.train`: prepare a corpus if need be, train a model, and say what came of it."""

import json
import logging
import shlex
import sys
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.config.instantiate import instantiate, plain
from nmt.data.preparation.preparation import PreparedCorpus, prepared
from nmt.evaluation.test_sets import MISSING, EvaluationSet, from_corpus
from nmt.inference.translator import Translator
from nmt.models.factory import translation_model
from nmt.models.parameters import count, weights
from nmt.models.saved.translation_model import SCORES, save_translation_model
from nmt.models.translation_model import TranslationModel
from nmt.runtime import allocator, checks, cpus, device, provenance, random_state
from nmt.runtime.errors import ConfigurationError, require
from nmt.training.averaging.kept_weights import KeptWeights
from nmt.training.callbacks import Callbacks, of_process
from nmt.training.checkpoints import Checkpoints
from nmt.training.distributed import collectives, launcher
from nmt.training.run import (
    bounds,
    check,
    complete,
    optimizer,
    pace,
    settings,
    settings_of_run,
    started_with,
    writing,
)
from nmt.training.skipped_updates import SKIPPED, SkippedUpdates
from nmt.training.trainer import Trainer
from nmt.training.updater import Updater
from nmt.training.validation.translation import TranslationValidation, spread
from nmt.training.validation.validation import Validation

logger = logging.getLogger(__name__)

CHECKED = ("objective", "schedule", "precision", "averaging", "search", "validation_search")
"""Groups that can be made before there is a corpus."""


def train(config: DictConfig) -> None:
    """Train a translation model, or go on with one; prints scores and translations on stdout."""
    allocator.keep_freed_blocks()
    device.set_threads(config.threads)
    place = device.choose(config.device, collectives.local_rank())
    if collectives.rank():
        logging.getLogger().setLevel(logging.ERROR)  # The first one speaks for all.
    with (
        launcher.launch(_processes(config, place), "train", sys.argv[1:]),
        collectives.process_group(),
    ):
        with collectives.first_process_first():
            _check(config)
            test = _test(config)
        with writing(config.run):
            trained = _train(config, place)
    if trained and not collectives.rank():
        _show(config, test)


def _processes(config: DictConfig, place: torch.device) -> int:
    """Say how many processes this one is to start, itself included; 1 if all have been started."""
    if (ranks := collectives.world_size()) > 1:
        asked = cpus.parse_count("workers", config.workers)
        require(asked in (None, ranks), "workers", asked, f"auto, as {ranks} processes are there")
        return 1
    checks.integer("accumulate", config.accumulate, 1)
    # Batches of a user's own class may know no budget.
    budget = config.batches.budget if "budget" in config.batches else 1
    checks.integer("batches.budget", budget, 1)
    pieces = budget * config.accumulate
    return launcher.process_count(
        config.workers, config.threads, place.type, pieces, started_with(config)
    )


def _train(config: DictConfig, place: torch.device) -> bool:
    """Train to the end, and say whether there was anything to do."""
    with collectives.first_process_first():
        corpus = prepared(config)
    found: Any = None if collectives.rank() else settings_of_run(config, corpus.folder.name)
    agreement, checkpoints = collectives.broadcast(found)
    random_state.seed(config.seed)
    network = _network(config, corpus).to(place)
    if collectives.rank():  # The weights are those of all, dropout is each one's own.
        random_state.seed((config.seed + collectives.rank()) % 2**32)
    trainer = _trainer(config, corpus, network, place, checkpoints)
    return complete(trainer, "train", agreement)


def _check(config: DictConfig) -> None:
    """Make once what needs no corpus: what is wrong is to be said before long preparations."""
    check(config, CHECKED)
    checks.at_least("validation_budget", config.validation_budget, 1)
    checks.at_least("samples", config.samples, 0)
    name = instantiate(config.metric)(["a"], ["a"]).metric.lower()
    instantiate(config.criterion).score({"loss": 0.0, "perplexity": 0.0, name: 0.0})


def _test(config: DictConfig) -> EvaluationSet | None:
    """Read the test set, if the data has one: what is wrong with it is to be said before hours."""
    data = settings(config)["data"]
    if "test" not in data or data["test"] is None or MISSING in data["test"].values():
        return None
    return from_corpus(instantiate(config.data.test))


def _network(config: DictConfig, corpus: PreparedCorpus) -> TranslationModel:
    tokenizers = corpus.tokenizers
    network = translation_model(plain(config.model), tokenizers.source.size, tokenizers.target.size)
    if not tokenizers.joint and network.embedding is network.decoder.embedding:
        raise ConfigurationError(
            "model/tying=all shares one table between the languages, but with vocabulary=separate"
            " an id means another piece in each; use vocabulary=joint or model/tying=target"
        )
    logger.info("the model has %d weights", count(network))
    return network


def _trainer(
    config: DictConfig,
    corpus: PreparedCorpus,
    network: TranslationModel,
    place: torch.device,
    checkpoints: Checkpoints,
) -> Trainer:
    objective, precision = instantiate(config.objective), instantiate(config.precision)
    logger.info("computing in %s on %s", precision.name(place), provenance.machine(place))
    moving = optimizer(config, network)
    held_out = TranslationValidation(
        network=network,
        objective=objective,
        precision=precision,
        shards=corpus.valid,
        tokenizer=corpus.tokenizers.target,
        search=instantiate(config.validation_search),
        metric=instantiate(config.metric),
        budget=config.validation_budget,
        samples=config.samples,
        device=place,
    )
    held_out.warm_up()
    return Trainer(
        Updater(network, objective, moving, precision, place, config.clip_norm),
        instantiate(config.schedule),
        instantiate(config.batches)(
            shards=corpus.train,
            tokenizers=corpus.tokenizers,
            segmentation=instantiate(config.segmentation),
            seed=config.seed,
            rank=collectives.rank(),
            ranks=collectives.world_size(),
        ),
        len(corpus.train),
        bounds(config),
        pace(config),
        of_process(_watchers(config, corpus, network, held_out)),
        checkpoints,
    )


def _watchers(
    config: DictConfig,
    corpus: PreparedCorpus,
    network: TranslationModel,
    held_out: TranslationValidation,
) -> Callbacks:
    folder = Path(config.run)
    source = {"commit": provenance.commit(), "machine": provenance.machine(held_out.device)}
    lexicon = corpus.lexicon()
    stored = {"model": plain(config.model), "search": plain(config.search)}

    def keep_best(validation: Validation) -> None:
        scores = {"set": "valid", "search": plain(config.validation_search), **source}
        scores["values"] = dict(validation.values)
        scores["signatures"] = dict(validation.signatures)
        save_translation_model(folder, weights(network), stored, corpus.tokenizers, scores, lexicon)

    return Callbacks(
        validate=held_out,
        criterion=instantiate(config.criterion),
        keep_best=keep_best,
        keep_skipped=SkippedUpdates(
            folder / SKIPPED, corpus.tokenizers.source, corpus.tokenizers.target
        ),
        kept=KeptWeights(folder / "training" / "kept", instantiate(config.averaging)),
        journal=instantiate(config.logger),
    )


def _show(config: DictConfig, test: EvaluationSet | None) -> None:
    """Print the result, and a few translations by the model as it was saved."""
    scores = json.loads((Path(config.run) / SCORES).read_text(encoding="utf-8"))
    values = "  ".join(f"{name} {value:.4g}" for name, value in scores["values"].items())
    lines = [f"run {config.run}", f"valid  {values}"]
    if test is not None and test.source is not None:
        trust = sorted(_packages([plain(config.model), plain(config.search)]))
        translator = Translator.load(config.run, device=config.device, trust=trust)
        outputs = translator.translate(test.source)
        lines.append(f"test  {instantiate(config.metric)(outputs, test.target)}")
        for row in spread(config.samples, len(outputs)):
            lines += ["", test.source[row], test.target[row], outputs[row]]
    sys.stdout.write("\n".join(lines) + "\n")
    name = shlex.quote(config.run)
    logger.info("to translate: python -m nmt.translate run=%s < FILE", name)
    logger.info("to score it:  python -m nmt.evaluate run=%s", name)
    logger.info("to see how it learned: python -m nmt.plot curves run=%s", name)


def _packages(node: Any) -> set[str]:
    """Name the packages, other than this one, whose classes the user asked for."""
    if isinstance(node, dict):
        own = {str(node["_target_"]).partition(".")[0]} if "_target_" in node else set()
        return (own - {"nmt"}).union(*map(_packages, node.values()))
    return set().union(*map(_packages, node)) if isinstance(node, list) else set()


if __name__ == "__main__":
    sys.exit(run("train", train))
