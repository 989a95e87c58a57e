"""The result of a validation, and the criterion by which the best model is chosen."""

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

OUT_OF_MEMORY_ADVICE = (
    "close other programs and run the same command again, or begin another run with a smaller "
    "validation_budget (of a language model text_batching.budget) or a smaller model"
)
"""What to do if a validation does not fit into memory."""


@dataclass(frozen=True)
class Validation:
    """The result of a validation.

    Attributes:
        values: by name; losses in nats per piece.
        samples: a few lines, the same each time.
        signatures: sacreBLEU's signatures of the values that have one.
    """

    values: Mapping[str, float]
    samples: Sequence[SampleTranslation] = ()
    signatures: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Criterion(Protocol):
    """Reduces a validation to the score by which the best model is chosen."""

    def score(self, values: Mapping[str, float]) -> float:
        """Return the score; higher is better."""
        ...


@dataclass(frozen=True)
class Highest:
    """The best model has the highest value of this name, such as `bleu`."""

    name: str

    def score(self, values: Mapping[str, float]) -> float:
        """Return the value."""
        return _value(values, self.name)


@dataclass(frozen=True)
class Lowest:
    """The best model has the lowest value of this name, such as `loss`."""

    name: str

    def score(self, values: Mapping[str, float]) -> float:
        """Return the negative of the value."""
        return -_value(values, self.name)


@torch.no_grad()
def mean_losses(
    network: Network, objective: Objective, batches: Iterable[Batch]
) -> tuple[float, float]:
    """Return the objective and the plain negative log-likelihood, in nats per target piece.

    They are means over the batches of all processes. The network must be in evaluation mode, and
    the batches on its device. A batch that does not fit into memory is evaluated in parts.

    Raises:
        NmtError: if a single line does not fit.
    """
    loss = likelihood = 0.0
    pieces = 0
    for batch in batches:

        def evaluate(rows: slice, batch: Batch = batch) -> Loss:
            return objective(network, batch.part(rows), 1)

        for part in retry_in_halves(evaluate, len(batch.source), OUT_OF_MEMORY_ADVICE):
            loss += part.sum.item()
            likelihood += part.negative_log_likelihood.item()
            pieces += part.pieces
    sums = torch.tensor([loss, likelihood, pieces], dtype=torch.float64)
    loss, likelihood, total = collectives.all_reduce_sum(sums).tolist()
    return loss / max(1, total), likelihood / max(1, total)


def _value(values: Mapping[str, float], name: str) -> float:
    if name not in values:
        raise ConfigurationError(
            f"criterion.name={name} is not a value of the validation; expected one of: "
            + ", ".join(values)
        )
    return values[name]
