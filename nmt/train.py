"""`python -m nmt.train`: prepare a corpus if need be, and train a translation model.

From Python, the same with the same arguments; the result is the folder of the run:
    >>> nmt.train(
    ...     "data=tsv", "data.train.paths=train.tsv", "data.valid.paths=valid.tsv",
    ...     "tokenizer.size=200", "model/cell=gru", "updates=3", "run=runs/mine",
    ... )
    run runs/mine
    valid  loss ...
    PosixPath('runs/mine')
"""

import functools
import logging
import shlex
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from nmt.config.command_line import CommandModule, run
from nmt.config.instantiate import build, instantiate, packages, settings
from nmt.data.batching import Segmentation
from nmt.data.corpora.monolingual import check_pairs
from nmt.data.preparation.preparation import PreparedCorpus
from nmt.data.transforms.noise import Noise
from nmt.evaluation.metrics.metric import Metric
from nmt.evaluation.test_sets import EvaluationSet, from_data
from nmt.inference.translator import Translator
from nmt.inspection.config_sizes import check_search
from nmt.inspection.files import read_json
from nmt.inspection.model_folder import MAX_BYTES, SCORES
from nmt.models.factory import model_of_languages
from nmt.models.parameters import count, weights
from nmt.models.saved.initial_weights import start_from
from nmt.models.saved.translation_model import check_trainable, save_translation_model
from nmt.models.translation_model import TranslationModel
from nmt.prepare import prepared
from nmt.runtime import allocator, checks, device, output_files, provenance, random_state
from nmt.search.search import Search
from nmt.training.averaging.kept_weights import KeptWeights
from nmt.training.callbacks import Callbacks, of_process
from nmt.training.checkpoints import Checkpoints
from nmt.training.distributed import collectives
from nmt.training.distributed.launcher import check_running, launch, process_count
from nmt.training.optimizers import build_optimizer
from nmt.training.run import KEPT, RunFolder, complete
from nmt.training.skipped_updates import SKIPPED, SkippedUpdates
from nmt.training.spec import TrainingSpec
from nmt.training.trainer import Trainer
from nmt.training.updater import Updater
from nmt.training.validation.translation import TranslationValidation, spread_evenly
from nmt.training.validation.validation import Validation

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TranslationSpec(TrainingSpec):
    """What the training of a translation model needs besides; see `conf/train.yaml`.

    Attributes:
        batches: makes the batches of prepared pairs.
        segmentation: of a line into pieces, in training.
        noise: changes some pairs, in training.
        metric: of validations.
        validation_search: translates the validation set.
        validation_budget: pieces of a validation batch, padding included.
        samples: translations shown at each validation, and at the end.
        initial: a trained run whose weights the training starts from; None for random ones.
    """

    batches: functools.partial[Any]
    segmentation: Segmentation
    noise: Noise
    metric: Metric
    validation_search: Search
    validation_budget: int
    samples: int
    initial: str | None

    def __post_init__(self) -> None:
        """Validate the values."""
        super().__post_init__()
        check_search(self.settings["validation_search"], "the configuration", "validation_search")
        if "budget" in self.batches.keywords:  # Batches of a user's own class may have none.
            checks.integer("batches.budget", self.batches.keywords["budget"], 1)
        checks.at_least("validation_budget", self.validation_budget, 1)
        checks.at_least("samples", self.samples, 0)
        name = self.metric(["a"], ["a"]).metric.lower()
        self.criterion.score({"loss": 0.0, "perplexity": 0.0, name: 0.0})
        instantiate(self.settings["search"])


def train(config: DictConfig) -> Path:
    """Train a translation model, or resume one; print scores and translations on stdout.

    Returns:
        the folder of the run.
    """
    allocator.keep_freed_blocks()
    device.set_threads(config.threads)
    place = device.choose(config.device, collectives.local_rank())
    spec = test = folder = None
    with ExitStack() as stack:
        # A process alone may start others, and locks the folder first.
        if collectives.world_size() == 1:
            spec, test = _spec(config)
            folder = stack.enter_context(RunFolder.open(spec.run, spec.keep))
            number = _processes(config, spec, place, folder)
            stack.enter_context(launch(number, "train", sys.argv[1:]))
        elif collectives.rank():
            logging.getLogger().setLevel(logging.ERROR)  # Only the first process reports.
        stack.enter_context(collectives.process_group())
        with collectives.first_process_first():
            if spec is None:
                spec, test = _spec(config)
                if not collectives.rank():
                    check_running(config.workers)
                    folder = stack.enter_context(RunFolder.open(spec.run, spec.keep))
        trained = _train(config, spec, folder, place)
    if trained and not collectives.rank():
        _show(config, spec, test)
    return Path(spec.run)


def _spec(config: DictConfig) -> tuple[TranslationSpec, EvaluationSet | None]:
    """Build the spec and read the test set: errors are to be reported before hours of training."""
    spec = build(TranslationSpec, config, settings=settings(config))
    check_pairs({split: instantiate(config.data[split]) for split in ("train", "valid")})
    return spec, from_data(spec.settings["data"])


def _processes(
    config: DictConfig, spec: TranslationSpec, place: torch.device, folder: RunFolder
) -> int:
    """Return how many processes are to train, this one included."""
    pieces = spec.batches.keywords.get("budget", 1) * spec.intervals.accumulate
    return process_count(config.workers, config.threads, place.type, pieces, folder.processes)


def _train(
    config: DictConfig, spec: TranslationSpec, folder: RunFolder | None, place: torch.device
) -> bool:
    """Train to the end, and return whether anything was left to do."""
    with collectives.first_process_first():
        corpus = prepared(config)
    resolved: Any = None
    if folder is not None:
        run_settings = folder.resolve(
            spec.settings, corpus.folder.name, corpus.tokenizers, spec.resumption
        )
        resolved = run_settings, folder.checkpoints, folder.update is None
    run_settings, checkpoints, starts = collectives.broadcast(resolved)
    random_state.seed(spec.seed)
    network = model_of_languages(spec.settings["model"], corpus.tokenizers).to(place)
    check_trainable(spec.settings, network)
    logger.info("the model has %d weights", count(network))
    if starts and spec.initial is not None:
        start_from(spec.initial, packages([spec.settings["model"]]), network, corpus.tokenizers)
    if collectives.rank():  # All processes have the same weights, and each its own dropout.
        random_state.seed((spec.seed + collectives.rank()) % 2**32)
    trainer = _trainer(spec, corpus, network, place, checkpoints)
    return complete(trainer, "nmt.train", run_settings, folder)


def _trainer(
    spec: TranslationSpec,
    corpus: PreparedCorpus,
    network: TranslationModel,
    place: torch.device,
    checkpoints: Checkpoints,
) -> Trainer:
    logger.info("computing in %s on %s", spec.precision.name(place), provenance.machine(place))
    optimizer = build_optimizer(spec.optimizer, network)
    validation = TranslationValidation(
        network=network,
        objective=spec.objective,
        precision=spec.precision,
        shards=corpus.valid,
        tokenizer=corpus.tokenizers.target,
        search=spec.validation_search,
        metric=spec.metric,
        budget=spec.validation_budget,
        samples=spec.samples,
        device=place,
    )
    validation.warm_up()
    batches = spec.batches(
        shards=corpus.train,
        tokenizers=corpus.tokenizers,
        segmentation=spec.noise.over(spec.segmentation),
        seed=spec.seed,
        rank=collectives.rank(),
        ranks=collectives.world_size(),
    )
    updater = Updater(network, spec.objective, optimizer, spec.precision, place, spec.clip_norm)
    callbacks = of_process(_callbacks(spec, corpus, network, validation))
    return Trainer(spec, updater, batches, len(corpus.train), callbacks, checkpoints)


def _callbacks(
    spec: TranslationSpec,
    corpus: PreparedCorpus,
    network: TranslationModel,
    validation: TranslationValidation,
) -> Callbacks:
    folder, tokenizers = Path(spec.run), corpus.tokenizers
    origin = {"commit": provenance.commit(), "machine": provenance.machine(validation.device)}
    lexicon = corpus.lexicon()

    def save_best(result: Validation) -> None:
        scores = {"set": "valid", "search": spec.settings["validation_search"], **origin}
        scores["values"] = dict(result.values)
        scores["signatures"] = dict(result.signatures)
        save_translation_model(folder, weights(network), spec.settings, tokenizers, scores, lexicon)

    return Callbacks(
        validate=validation,
        save_best=save_best,
        save_skipped=SkippedUpdates(folder / SKIPPED, tokenizers.source, tokenizers.target),
        kept=KeptWeights(folder / KEPT, spec.averaging),
        logger=spec.logger,
    )


def _show(config: DictConfig, spec: TranslationSpec, test: EvaluationSet | None) -> None:
    """Print the result, and a few translations by the saved model."""
    scores = read_json(Path(spec.run) / SCORES, MAX_BYTES[SCORES])
    values = "  ".join(f"{name} {value:.4g}" for name, value in scores["values"].items())
    lines = [f"run {spec.run}", f"valid  {values}"]
    if test is not None and test.source is not None:
        trust = sorted(packages([spec.settings["model"], spec.settings["search"]]))
        search = instantiate(config.search)
        translator = Translator.load(spec.run, search, device=config.device, trust=trust)
        outputs = translator.translate(test.source)
        lines.append(f"test  {spec.metric(outputs, test.target)}")
        for row in spread_evenly(spec.samples, len(outputs)):
            lines += ["", test.source[row], test.target[row], outputs[row]]
    output_files.print_text("\n".join(lines) + "\n")
    name = shlex.quote(spec.run)
    logger.info("to translate: python -m nmt.translate run=%s < FILE", name)
    files = "" if test is not None else " source=FILE target=FILE"
    logger.info("to score it:  python -m nmt.evaluate run=%s%s", name, files)
    logger.info("to see how it learned: python -m nmt.plot curves run=%s", name)


sys.modules[__name__].__class__ = CommandModule  # so that `nmt.train(...)` trains

if __name__ == "__main__":
    sys.exit(run("train", train))
