"""The contract of an objective: what a training makes small."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from nmt.data.batch import Batch


@dataclass(frozen=True)
class Loss:
    """An objective's value for a batch, summed, since only sums add up over batches and ranks.

    Attributes:
        sum: what is minimised, in nats; gradients flow from here.
        negative_log_likelihood: of the reference targets, in nats, nothing added; without
            gradient. Divided by `pieces` and raised to e it is the perplexity.
        pieces: target pieces, END included and padding not, that both sums run over.
    """

    sum: Float[Tensor, ""]
    negative_log_likelihood: Float[Tensor, ""]
    pieces: int


@runtime_checkable
class Network(Protocol):
    """What objectives know of a network; any module that computes readouts and their logits."""

    def __call__(self, batch: Batch) -> Float[Tensor, "batch target readout"]:
        """Give a readout after each of `batch.inputs`."""
        ...

    def logits(self, readouts: Float[Tensor, "*places readout"]) -> Float[Tensor, "*places pieces"]:
        """Give for each piece of the vocabulary its score as the next one, not normalised.

        They are large: an objective may write its gradient over them, so that they must be made
        anew at each call, by an operation whose own gradient does not need them.
        """
        ...


@runtime_checkable
class Objective(Protocol):
    """A behaviour with a few numbers, called once a batch."""

    def __call__(self, network: Network, batch: Batch, update: int) -> Loss:
        """Feed the batch through the network; `update`, counted from 1, is for annealing."""
        ...
