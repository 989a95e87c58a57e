"""`python -m nmt.train_language_model`: prepare a corpus if need be, and train a language model."""

import logging
import shlex
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from omegaconf import DictConfig
from torch import nn

from nmt.config.command_line import run
from nmt.config.instantiate import build, instantiate, settings
from nmt.data.preparation.preparation import PreparedCorpus
from nmt.data.sides import Side
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import LanguageModelScorer, LikelihoodTotal, ScoredLine
from nmt.evaluation.perplexity import count_words, perplexities
from nmt.inspection import files
from nmt.inspection.model_folder import MAX_BYTES, SCORES
from nmt.models.factory import language_network
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.language_models.ngram import NGramLanguageModel
from nmt.models.parameters import count, weights
from nmt.models.saved.folder import check_loadable
from nmt.models.saved.language_model import KIND, save_language_model
from nmt.prepare import prepared
from nmt.runtime import allocator, device, output_files, provenance, random_state
from nmt.runtime.errors import ConfigurationError
from nmt.training.averaging.kept_weights import KeptWeights
from nmt.training.callbacks import Callbacks
from nmt.training.checkpoints import Checkpoints
from nmt.training.distributed import collectives
from nmt.training.optimizers import build_optimizer
from nmt.training.run import KEPT, RunFolder, complete
from nmt.training.skipped_updates import SKIPPED, SkippedUpdates
from nmt.training.spec import TrainingSpec
from nmt.training.text_batching.text_batching import TextBatching
from nmt.training.trainer import Trainer
from nmt.training.updater import Updater
from nmt.training.validation.language_model import LanguageModelValidation
from nmt.training.validation.validation import Validation

logger = logging.getLogger(__name__)

CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class LanguageModelSpec(TrainingSpec):
    """What the training of a language model needs besides; see `conf/train_language_model.yaml`.

    Attributes:
        text_batching: cuts the text into batches.
        side: which side of the parallel corpus is read.
        windows: lines that are scored at once where the model is not a network.
    """

    text_batching: TextBatching
    side: Side
    windows: LineWindows

    def __post_init__(self) -> None:
        """Validate the values."""
        super().__post_init__()
        self.criterion.score(dict.fromkeys(("loss", *perplexities(0.0, 1, 1)), 0.0))


def train_language_model(config: DictConfig) -> None:
    """Train a language model, or resume one; print its scores on stdout."""
    if learn(config, "nmt.train_language_model"):
        _show(config.run)


def learn(config: DictConfig, module: str) -> bool:
    """Train a language model, or resume one, and return whether anything was left to do.

    Args:
        config: composed from `conf/train_language_model.yaml`.
        module: that was called, for the message that says how to resume.

    Raises:
        NmtError: what training raises.
    """
    allocator.keep_freed_blocks()
    device.set_threads(config.threads)
    place = device.choose(config.device)
    if collectives.world_size() > 1:
        raise ConfigurationError(
            f"WORLD_SIZE={collectives.world_size()}: one process trains a language model; start it"
            " without torchrun, and with threads=NUMBER for several cores"
        )
    spec = build(LanguageModelSpec, config, settings=settings(config))
    model = spec.settings["model"]
    estimator = instantiate(model["estimator"]) if "estimator" in model else None
    with RunFolder.open(spec.run, spec.keep) as folder:
        corpus = prepared(config)
        tokenizer = spec.side.tokenizer(corpus.tokenizers)
        run_settings = folder.resolve(
            spec.settings, corpus.folder.name, Tokenizers(tokenizer, tokenizer), spec.resumption
        )
        random_state.seed(spec.seed)
        if estimator is not None:
            check_loadable({KIND: model}, {})
            run_settings.write()
            _count(spec, corpus, estimator, place)
            return True
        network = language_network(model, tokenizer.size).to(place)
        check_loadable({KIND: model}, dict(network.named_parameters()))
        logger.info("the model has %d weights", count(network))
        trainer = _trainer(spec, corpus, network, folder.checkpoints)
        return complete(trainer, module, run_settings, folder)


def _count(
    spec: LanguageModelSpec, corpus: PreparedCorpus, estimator: Any, place: torch.device
) -> None:
    """Estimate an n-gram model and save it."""
    tokenizer = spec.side.tokenizer(corpus.tokenizers)
    lines = spec.side.ids(corpus.train, np.arange(len(corpus.train)))
    started = time.monotonic()
    model = NGramLanguageModel(estimator(lines, tokenizer.size))
    seconds = time.monotonic() - started
    logger.info("counted %d pieces in %.1f s", int(lines.lengths.sum()), seconds)
    logger.info("the model has %d weights", model.weights)
    details = {"seconds": seconds, "pieces": int((lines.lengths + 1).sum())}
    validation = _validated(spec, model, tokenizer, spec.side.texts(corpus.valid))
    _save(spec, tokenizer, place, model.tensors(), validation, details)


def _trainer(
    spec: LanguageModelSpec,
    corpus: PreparedCorpus,
    network: LanguageNetwork,
    checkpoints: Checkpoints,
) -> Trainer:
    place = next(network.parameters()).device
    logger.info("computing in %s on %s", spec.precision.name(place), provenance.machine(place))
    batching = spec.text_batching
    epochs = batching.epochs(corpus.train, corpus.tokenizers, spec.side, spec.seed)
    reader = cast(nn.Module, batching.wrap(network))
    tokenizer = spec.side.tokenizer(corpus.tokenizers)
    folder = Path(spec.run)

    def save_best(validation: Validation) -> None:
        details = {"text_batching": spec.settings["text_batching"]}
        _save(spec, tokenizer, place, weights(network), validation, details)

    optimizer = build_optimizer(spec.optimizer, network)
    updater = Updater(reader, spec.objective, optimizer, spec.precision, place, spec.clip_norm)
    callbacks = Callbacks(
        validate=_validation(spec, corpus, network),
        save_best=save_best,
        save_skipped=SkippedUpdates(folder / SKIPPED, tokenizer, tokenizer),
        kept=KeptWeights(folder / KEPT, spec.averaging),
        logger=spec.logger,
    )
    return Trainer(spec, updater, epochs.data, epochs.rows, callbacks, checkpoints)


def _validation(
    spec: LanguageModelSpec, corpus: PreparedCorpus, network: LanguageNetwork
) -> LanguageModelValidation:
    valid = spec.side.ids(corpus.valid, np.arange(len(corpus.valid)))
    validation = LanguageModelValidation(
        network=network,
        wrap=spec.text_batching.wrap,
        objective=spec.objective,
        precision=spec.precision,
        batches=partial(spec.text_batching.validation_batches, corpus.valid, spec.side),
        words=sum(map(count_words, spec.side.texts(corpus.valid))),
        pieces=int((valid.lengths + 1).sum()),
        device=next(network.parameters()).device,
    )
    validation.warm_up()
    return validation


def _validated(
    spec: LanguageModelSpec, model: NGramLanguageModel, tokenizer: Tokenizer, lines: Iterable[str]
) -> Validation:
    """Compute what `LanguageModelValidation` computes of networks, the loss unsmoothed."""
    scorer, total = LanguageModelScorer(model, tokenizer, spec.windows, CPU), LikelihoodTotal()
    for likelihood in scorer(ScoredLine(line, "") for line in lines):
        total.add(likelihood)
    values = total.values()
    return Validation(values={"loss": values.pop("cross_entropy"), **values})


def _save(
    spec: LanguageModelSpec,
    tokenizer: Tokenizer,
    place: torch.device,
    tensors: dict[str, torch.Tensor],
    validation: Validation,
    details: dict[str, Any],
) -> None:
    scores: dict[str, Any] = {
        "set": "valid",
        "weights": sum(tensor.numel() for tensor in tensors.values() if tensor.is_floating_point()),
        "commit": provenance.commit(),
        "machine": provenance.machine(place),
        "values": dict(validation.values),
        **details,
    }
    save_language_model(Path(spec.run), tensors, spec.settings["model"], tokenizer, scores)


def _show(run: str) -> None:
    scores = files.read_json(Path(run) / SCORES, MAX_BYTES[SCORES])
    values = "  ".join(f"{name} {value:.4g}" for name, value in scores["values"].items())
    output_files.print_text(f"run {run}\nvalid  {values}\n")
    name = shlex.quote(run)
    logger.info("to score lines: python -m nmt.score run=%s < FILE", name)
    logger.info("to write text:  python -m nmt.generate run=%s prompt='…'", name)


if __name__ == "__main__":
    sys.exit(run("train_language_model", train_language_model))
