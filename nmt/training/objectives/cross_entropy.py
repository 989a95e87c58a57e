"""Cross-entropy with label smoothing, in nats, computed at real places only."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from nmt.data.batch import Batch
from nmt.runtime import checks
from nmt.training.objectives.objective import Loss, Network


@dataclass(frozen=True)
class CrossEntropy:
    """Cross-entropy against labels of which a share is spread over the whole vocabulary.

    `q(k) = (1 - smoothing) [k = label] + smoothing / pieces` and the loss is `-Σ q(k) log p(k)`:
    Szegedy et al. 2016, section 7, with their uniform distribution, so the label itself gets
    `smoothing / pieces` too, and so do the special pieces.

    Attributes:
        smoothing: the share that is spread, 0 to below 1.
        slice_places: target places whose float32 values are held at a time. Small slices stay in
            a CPU's cache; of the rest only the logits are held, in the format that the network
            computes in, and then their gradient in the same memory.
    """

    smoothing: float
    slice_places: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        checks.fraction("objective.smoothing", self.smoothing)
        checks.at_least("objective.slice_places", self.slice_places, 1)

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
    """Computes the gradient beside the loss, a slice at a time, in the memory of the logits."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Float[Tensor, "places pieces"],
        labels: Int[Tensor, " places"],
        smoothing: float,
        slice_places: int,
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Give the smoothed sum and the plain negative log-likelihood.

        Where there are gradients, `logits` hold that of the smoothed sum afterwards. Who has kept
        them for a backward pass is told so by autograd, which counts what was written.
        """
        wide = torch.promote_types(logits.dtype, torch.float32)
        smoothed = torch.zeros((), dtype=wide, device=logits.device)
        likelihood = torch.zeros_like(smoothed)
        for first in range(0, len(labels), slice_places):
            given, taken = logits[first:][:slice_places], labels[first:][:slice_places, None]
            values = given.to(wide)
            shares = values.softmax(-1)
            # The largest share is at least 1/pieces: its logarithm loses nothing.
            log_sum = values.amax(-1, keepdim=True) - shares.amax(-1, keepdim=True).log()
            of_labels = (values.gather(1, taken) - log_sum).sum()
            likelihood -= of_labels
            spread = (values.mean(-1, keepdim=True) - log_sum).sum()
            smoothed -= (1 - smoothing) * of_labels + smoothing * spread
            if ctx.needs_input_grad[0]:
                shares.sub_(smoothing / shares.shape[1])
                excess = torch.full_like(taken, smoothing - 1, dtype=wide)
                given.copy_(shares.scatter_add_(1, taken, excess))
        ctx.save_for_backward(*([logits.detach()] if ctx.needs_input_grad[0] else []))
        ctx.mark_non_differentiable(likelihood)
        return smoothed, likelihood

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None, None, None]:
        """Scale the gradient that `forward` computed."""
        (gradient,) = ctx.saved_tensors
        scale = outer[0]
        # Nearly always 1, and a pass over all logits; to look costs a GPU more.
        if scale.device.type != "cpu" or scale != 1:
            gradient = gradient * scale.to(gradient.dtype)
        return gradient, None, None, None
