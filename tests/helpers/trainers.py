"""Small networks, their data, and trainers of them."""

import dataclasses
import json
import math

import torch
from torch import nn

from nmt.data.batch import Batch
from nmt.models.parameters import weights
from nmt.models.precision import (
    Float32Precision,
)
from nmt.runtime import random_state
from nmt.training.averaging.best import BestCheckpoints
from nmt.training.averaging.kept_weights import KeptWeights
from nmt.training.callbacks import Callbacks
from nmt.training.checkpoints import Checkpoints
from nmt.training.limits import Intervals, StoppingCriteria
from nmt.training.loggers.jsonl import JSONLLogger
from nmt.training.loggers.logger import SampleTranslation
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.training.optimizers import parameter_groups
from nmt.training.resumption.exact import Exact
from nmt.training.schedules.warmup_cosine import WarmupCosine
from nmt.training.spec import TrainingSpec
from nmt.training.trainer import Trainer
from nmt.training.updater import Updater
from nmt.training.validation.validation import Lowest, Validation, mean_losses

PIECES, ROWS = 11, 3


CPU = torch.device("cpu")


class Network(nn.Module):
    """Predicts the next piece from the last one, with dropout, so that random states matter."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(PIECES, 6)
        self.norm = nn.LayerNorm(6)
        self.dropout = nn.Dropout(0.3)

    def forward(self, batch):
        return self.dropout(self.norm(self.embedding(batch.inputs)))

    def logits(self, readouts):
        return readouts @ self.embedding.weight.T


class Data:
    """Five batches per epoch, which depend on the epoch's number alone."""

    batches = 5

    def epoch(self, number, skip):
        generator = torch.Generator().manual_seed(number)
        for index in range(self.batches):
            ids = torch.randint(4, PIECES, (ROWS, 4), generator=generator)
            target = torch.cat([torch.full((ROWS, 1), 2), ids, torch.full((ROWS, 1), 3)], 1)
            if index >= skip:
                yield Batch(target[:, 1:], target)


INTERVALS = Intervals(
    accumulate=2,
    report_every=3,
    validate_every=4,
    save_seconds=1e9,
    patience=None,
    max_consecutive_skips=2,
)


EIGHTEEN = StoppingCriteria(None, 18, None)


def never_stop():
    """Raise nothing: no signal was received."""


def updater(clip_norm=1.0, objective=None, network=None):
    network = network or Network()
    return Updater(
        network,
        objective or CrossEntropy(0.1, 16),
        torch.optim.Adam(parameter_groups(network), betas=(0.9, 0.98), fused=True),
        Float32Precision(),
        CPU,
        clip_norm,
    )


def trainer(
    folder,
    data=None,
    stopping=EIGHTEEN,
    intervals=INTERVALS,
    loss_of=None,
    averaging=None,
    seed=1,
    schedule=None,
    forks=(),
    intact=lambda: True,
    criterion=None,
):
    """Return a trainer of a tiny network; `loss_of(network, number)` is its validation loss."""
    random_state.seed(seed)
    updater_ = updater()
    previous = []
    folder.mkdir(exist_ok=True)

    def losses(network, before):
        return mean_losses(network, CrossEntropy(0.0, 16), Data().epoch(99, 0))[0]

    def validate():
        updater_.network.eval()
        loss = (loss_of or losses)(updater_.network, len(previous))
        previous.append(loss)
        return Validation({"loss": loss}, (SampleTranslation("a", "b", "c"),))

    def save_best(validation):
        torch.save(weights(updater_.network), folder / "best.pt")

    averaging, logger = averaging or BestCheckpoints(4), JSONLLogger(str(folder / "metrics.jsonl"))
    spec = TrainingSpec(
        run=str(folder),
        seed=seed,
        keep=2,
        clip_norm=1.0,
        stopping=stopping,
        intervals=intervals,
        objective=updater_.objective,
        optimizer=torch.optim.Adam,
        schedule=schedule or WarmupCosine(0.05, 3, 0.1),
        precision=updater_.precision,
        averaging=averaging,
        criterion=criterion or Lowest("loss"),
        logger=logger,
        resumption=Exact(),
        settings={},
    )
    callbacks = Callbacks(
        validate=validate,
        save_best=save_best,
        save_skipped=lambda update, rate, result: folder / f"update-{update}.json",
        kept=KeptWeights(folder / "kept", averaging),
        logger=logger,
    )
    pairs = Data.batches * ROWS
    trainer = Trainer(spec, updater_, data or Data(), pairs, callbacks, Checkpoints(folder, 2))
    trainer.resume(forks, intact)
    return trainer


TIMES = ("seconds", "seconds_left", "validation_seconds", "per_second")


def metrics(folder):
    """Return all records without values that depend on the clock."""
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in one.items() if not name.endswith(TIMES)} for one in records
    ]


def assert_equal(one, other):
    """Compare two nests bit for bit, without the clock and without Python's random generator,
    which the run-time checks of types use in tests."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            if key not in ("seconds", "python"):
                assert_equal(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_equal(left, right)
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    else:
        assert one == other


class Failing(CrossEntropy):
    """An objective whose loss is not finite in some updates."""

    def __init__(self, updates):
        super().__init__(0.0, 16)
        object.__setattr__(self, "updates", updates)

    def __call__(self, network, batch, update):
        loss = super().__call__(network, batch, update)
        factor = math.nan if update in self.updates else 1.0
        return dataclasses.replace(loss, sum=loss.sum * factor)
