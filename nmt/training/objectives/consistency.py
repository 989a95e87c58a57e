"""Two passes over one batch whose predictions are to agree; the base of SimCut and R-Drop."""

import abc
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from nmt.data.batch import Batch
from nmt.runtime import checks
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.training.objectives.objective import Loss, Network


class Weights(NamedTuple):
    """Weights of the terms, for predictions p of the first pass and q of the second.

    Attributes:
        first: of the cross-entropy of p.
        second: of the cross-entropy of q.
        forward: of KL(p ‖ q).
        backward: of KL(q ‖ p).
    """

    first: float
    second: float
    forward: float
    backward: float


@dataclass(frozen=True)
class ConsistencyObjective(abc.ABC):
    """Cross-entropy, and the divergence between two passes over a batch, with their own dropout.

    In evaluation mode both passes are equal, and one cross-entropy is all that remains.

    Attributes:
        smoothing: share of each label that is spread, 0 to 1; see `CrossEntropy`.
        slice_positions: target positions whose float32 values are in memory at a time.
        weight: of the divergence, 0 or more.
    """

    smoothing: float
    slice_positions: int
    weight: float

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        CrossEntropy(self.smoothing, self.slice_positions)
        checks.finite("objective.weight", self.weight)
        checks.at_least("objective.weight", self.weight, 0)

    @property
    @abc.abstractmethod
    def weights(self) -> Weights:
        """The weights of the terms."""

    def second_pass(self, network: Network, batch: Batch) -> Float[Tensor, "batch target readout"]:
        """Return the readouts of the second pass."""
        return network(batch)

    def __call__(self, network: Network, batch: Batch, update: int) -> Loss:
        """Return the sums over all target positions without padding."""
        if not network.training:
            return CrossEntropy(self.smoothing, self.slice_positions)(network, batch, update)
        mask = batch.mask
        labels = batch.labels[mask]
        first = network.logits(network(batch)[mask])
        second = network.logits(self.second_pass(network, batch)[mask])
        total, likelihood = consistency(
            (first, second), labels, self.weights, self.smoothing, self.slice_positions
        )
        return Loss(total, likelihood, len(labels))


def consistency(
    logits: tuple[Float[Tensor, "positions pieces"], Float[Tensor, "positions pieces"]],
    labels: Int[Tensor, " positions"],
    weights: Weights,
    smoothing: float,
    slice_positions: int,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Return the weighted sum of cross-entropies and divergences, in nats, over all positions.

    Gradients reach both passes by every term.

    Args:
        logits: of both passes; computed for this call, since their gradients overwrite them.
        labels: the reference pieces.
        weights: of the terms.
        smoothing: share of each label that is spread over all pieces, as in `CrossEntropy`.
        slice_positions: positions whose float32 values are in memory at a time.

    Returns:
        the sum, and without a gradient the mean of the negative log-likelihoods of the passes
        whose cross-entropy has a weight.
    """
    first, second = logits
    result: tuple[Tensor, Tensor] = _Consistency.apply(  # type: ignore[no-untyped-call]
        first, second, labels, weights, smoothing, slice_positions
    )
    return result


class _Consistency(torch.autograd.Function):
    """Loss and gradients at once, slice by slice, the gradients in the memory of the logits."""

    @staticmethod
    def forward(
        ctx: Any,
        first: Float[Tensor, "positions pieces"],
        second: Float[Tensor, "positions pieces"],
        labels: Int[Tensor, " positions"],
        weights: Weights,
        smoothing: float,
        slice_positions: int,
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        wide = torch.promote_types(first.dtype, torch.float32)
        total = torch.zeros((), dtype=wide, device=first.device)
        likelihood = torch.zeros_like(total)
        of_label = 1 - smoothing, smoothing / first.shape[1]
        counted = (weights.first > 0) + (weights.second > 0)
        for start in range(0, len(labels), slice_positions):
            parts = first[start:][:slice_positions], second[start:][:slice_positions]
            targets = labels[start:][:slice_positions, None]
            log_p, log_q = (part.to(wide).log_softmax(-1) for part in parts)
            p, q = log_p.exp(), log_q.exp()
            difference = log_p - log_q
            forward = (p * difference).sum(-1, keepdim=True)
            backward = -(q * difference).sum(-1, keepdim=True)
            total += weights.forward * forward.sum() + weights.backward * backward.sum()
            for log, weight in ((log_p, weights.first), (log_q, weights.second)):
                if weight:
                    label = log.gather(1, targets).sum()
                    total -= weight * (of_label[0] * label + of_label[1] * log.sum())
                    likelihood -= label / counted
            if not ctx.needs_input_grad[0]:
                continue
            apart = p - q
            gradients = (
                weights.forward * p * (difference - forward) + weights.backward * apart,
                -weights.backward * q * (difference + backward) - weights.forward * apart,
            )
            for part, gradient, distribution, weight in zip(
                parts, gradients, (p, q), (weights.first, weights.second), strict=True
            ):
                if weight:
                    gradient.add_(distribution - of_label[1], alpha=weight)
                    excess = torch.full_like(targets, -weight * of_label[0], dtype=wide)
                    gradient.scatter_add_(1, targets, excess)
                part.copy_(gradient)
        kept = [first.detach(), second.detach()] if ctx.needs_input_grad[0] else []
        ctx.save_for_backward(*kept)
        ctx.mark_non_differentiable(likelihood)
        return total, likelihood

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        """Scale the gradients that `forward` computed."""
        first, second = (gradient * outer[0].to(gradient.dtype) for gradient in ctx.saved_tensors)
        return first, second, None, None, None, None
