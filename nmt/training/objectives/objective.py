"""The contract of a training objective, and what it requires of a network."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from nmt.data.batch import Batch


@dataclass(frozen=True)
class Loss:
    """An objective's value for a batch, as sums, which can be added over batches and processes.

    Attributes:
        sum: what is minimised, in nats; has a gradient.
        negative_log_likelihood: of the reference targets alone, in nats; has no gradient.
        pieces: target pieces that both are sums over, END included, padding not.
    """

    sum: Float[Tensor, ""]
    negative_log_likelihood: Float[Tensor, ""]
    pieces: int


@runtime_checkable
class Network(Protocol):
    """A module that computes readouts and their logits.

    Attributes:
        training: whether it is in training mode.
    """

    training: bool

    def __call__(self, batch: Batch) -> Float[Tensor, "batch target readout"]:
        """Return the readout after each of `batch.inputs`."""
        ...

    def logits(
        self, readouts: Float[Tensor, "*positions readout"]
    ) -> Float[Tensor, "*positions pieces"]:
        """Return the unnormalized score of each piece of the vocabulary as the next one.

        An objective may overwrite them with their gradient to save memory. They must therefore be
        computed anew at each call, by an operation whose own gradient does not need them.
        """
        ...


@runtime_checkable
class Objective(Protocol):
    """A callable that computes the loss of one batch."""

    def __call__(self, network: Network, batch: Batch, update: int) -> Loss:
        """Return the loss of a batch in this update, counted from 1 (for annealing)."""
        ...
