"""What a validation gives to the training loop, and which of its values tells the best model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch

from nmt.data.batch import Batch
from nmt.runtime.errors import ConfigurationError
from nmt.runtime.out_of_memory import retry_in_halves
from nmt.training.distributed import collectives
from nmt.training.loggers.logger import SampleTranslation
from nmt.training.objectives.objective import Loss, Network, Objective

ADVICE = (
    "close other programs and go on with the same command, or begin another run with a smaller "
    "validation_budget (of a language model text_batching.budget) or a smaller model"
)
"""For a validation that does not fit into memory."""


@dataclass(frozen=True)
class Validation:
    """What was found on the validation set.

    Attributes:
        values: by name; losses in nats a piece.
        samples: a few lines, the same each time.
        signatures: how a value was counted, for those that have a signature.
    """

    values: Mapping[str, float]
    samples: Sequence[SampleTranslation] = ()
    signatures: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Criterion(Protocol):
    """Makes of a validation the one number by which the best model is chosen."""

    def score(self, values: Mapping[str, float]) -> float:
        """Give a number that is higher for a better model."""
        ...


@dataclass(frozen=True)
class Highest:
    """The model is best where the value of this name is highest, as BLEU."""

    name: str

    def score(self, values: Mapping[str, float]) -> float:
        """Give the value."""
        return _value(values, self.name)


@dataclass(frozen=True)
class Lowest:
    """The model is best where the value of this name is lowest, as the loss."""

    name: str

    def score(self, values: Mapping[str, float]) -> float:
        """Give the value's negative."""
        return -_value(values, self.name)


@torch.no_grad()
def mean_losses(
    network: Network, objective: Objective, batches: Iterable[Batch]
) -> tuple[float, float]:
    """Give the objective and the plain negative log-likelihood, in nats a target piece.

    They are those of the batches of all processes. The caller puts the network into eval mode and
    the batches on its device. A batch that does not fit into memory is looked at in parts.

    Raises:
        NmtError: if not even a single line fits.
    """
    loss = likelihood = 0.0
    pieces = 0
    for batch in batches:

        def look(rows: slice, batch: Batch = batch) -> Loss:
            return objective(network, batch.part(rows), 1)

        for one in retry_in_halves(look, len(batch.source), ADVICE):
            loss += one.sum.item()
            likelihood += one.negative_log_likelihood.item()
            pieces += one.pieces
    sums = torch.tensor([loss, likelihood, pieces], dtype=torch.float64)
    loss, likelihood, total = collectives.all_reduce_sum(sums).tolist()
    return loss / max(1, total), likelihood / max(1, total)


def _value(values: Mapping[str, float], name: str) -> float:
    if name not in values:
        raise ConfigurationError(
            f"criterion.name={name} is no value of a validation; expected one of: "
            + ", ".join(values)
        )
    return values[name]
