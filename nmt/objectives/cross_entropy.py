"""Cross-entropy with label smoothing, in nats, computed at real places only."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from nmt import ranges
from nmt.batch import Batch
from nmt.objectives.objective import Loss, Network


@dataclass(frozen=True)
class CrossEntropy:
    """Cross-entropy against labels of which a share is spread over the whole vocabulary.

    `q(k) = (1 - smoothing) [k = label] + smoothing / pieces` and the loss is `-Σ q(k) log p(k)`:
    Szegedy et al. 2016, section 7, with their uniform distribution, so the label itself gets
    `smoothing / pieces` too, and so do the special pieces.

    Attributes:
        smoothing: the share that is spread, 0 to below 1.
        slice_places: target places whose float32 values are held at a time. Small slices stay in
            a CPU's cache; of the rest only the logits and their gradient are held, in the format
            that the network computes in.
    """

    smoothing: float
    slice_places: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        ranges.share("objective.smoothing", self.smoothing)
        ranges.at_least("objective.slice_places", self.slice_places, 1)

    def __call__(self, network: Network, batch: Batch, update: int) -> Loss:
        """Feed the batch through the network and sum over its real places."""
        mask = batch.mask
        logits = network.logits(network(batch)[mask])
        labels = batch.labels[mask]
        smoothed, likelihood = _Smoothed.apply(  # type: ignore[no-untyped-call]
            logits, labels, self.smoothing, self.slice_places
        )
        return Loss(smoothed, likelihood, len(labels))


class _Smoothed(torch.autograd.Function):
    """Computes the gradient beside the loss, a slice at a time, and keeps that alone."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Float[Tensor, "places pieces"],
        labels: Int[Tensor, " places"],
        smoothing: float,
        slice_places: int,
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Give the smoothed sum and the plain negative log-likelihood."""
        wide = torch.promote_types(logits.dtype, torch.float32)
        gradient = torch.empty_like(logits) if ctx.needs_input_grad[0] else None
        smoothed = torch.zeros((), dtype=wide, device=logits.device)
        likelihood = torch.zeros_like(smoothed)
        for first in range(0, len(labels), slice_places):
            places = slice(first, first + slice_places)
            log_probabilities = logits[places].to(wide).log_softmax(-1)
            of_labels = log_probabilities.gather(1, labels[places, None])
            likelihood -= of_labels.sum()
            smoothed -= (1 - smoothing) * of_labels.sum()
            smoothed -= smoothing * log_probabilities.mean(-1).sum()
            if gradient is not None:
                gradient[places] = _gradient(log_probabilities, labels[places], smoothing)
        ctx.save_for_backward(*([] if gradient is None else [gradient]))
        ctx.mark_non_differentiable(likelihood)
        return smoothed, likelihood

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None, None, None]:
        """Scale the gradient that `forward` computed."""
        (gradient,) = ctx.saved_tensors
        return gradient * outer[0].to(gradient.dtype), None, None, None


def _gradient(
    log_probabilities: Float[Tensor, "places pieces"],
    labels: Int[Tensor, " places"],
    smoothing: float,
) -> Float[Tensor, "places pieces"]:
    """Give `p - q`, in the memory of the log-probabilities."""
    gradient = log_probabilities.exp_().sub_(smoothing / log_probabilities.shape[1])
    taken = torch.full_like(labels[:, None], smoothing - 1, dtype=gradient.dtype)
    return gradient.scatter_add_(1, labels[:, None], taken)
