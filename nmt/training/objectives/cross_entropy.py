"""Cross-entropy with label smoothing, in nats, computed without padding."""

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
    """Cross-entropy with label smoothing over the whole vocabulary.

    `-Σ q(k) log p(k)` with `q(k) = (1 - smoothing) [k = label] + smoothing / pieces`: Szegedy et
    al. 2016, section 7. Their distribution is uniform, so the label itself and the special pieces
    get `smoothing / pieces` too.

    Attributes:
        smoothing: share of each label that is spread, 0 to 1.
        slice_positions: target positions whose float32 values are in memory at a time. A small
            slice stays in a CPU's cache; of all others there are only the logits, in the number
            format of the network, and then their gradient in the same memory.
    """

    smoothing: float
    slice_positions: int

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        checks.fraction("objective.smoothing", self.smoothing)
        checks.at_least("objective.slice_positions", self.slice_positions, 1)

    def __call__(self, network: Network, batch: Batch, update: int) -> Loss:
        """Return the sums over all target positions without padding."""
        mask = batch.mask
        logits = network.logits(network(batch)[mask])
        labels = batch.labels[mask]
        smoothed, likelihood = _Smoothed.apply(  # type: ignore[no-untyped-call]
            logits, labels, self.smoothing, self.slice_positions
        )
        return Loss(smoothed, likelihood, len(labels))


class _Smoothed(torch.autograd.Function):
    """Loss and gradient at once, slice by slice, the gradient in the memory of the logits."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Float[Tensor, "positions pieces"],
        labels: Int[Tensor, " positions"],
        smoothing: float,
        slice_positions: int,
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the smoothed sum and the plain negative log-likelihood.

        If `logits` require a gradient, they hold it afterwards. Should another backward pass need
        the logits, autograd raises an error, since it counts modifications.
        """
        wide = torch.promote_types(logits.dtype, torch.float32)
        smoothed = torch.zeros((), dtype=wide, device=logits.device)
        likelihood = torch.zeros_like(smoothed)
        for first in range(0, len(labels), slice_positions):
            part, targets = logits[first:][:slice_positions], labels[first:][:slice_positions, None]
            values = part.to(wide)
            probabilities = values.softmax(-1)
            # The largest probability is at least 1/pieces: its logarithm loses nothing.
            log_sum = values.amax(-1, keepdim=True) - probabilities.amax(-1, keepdim=True).log()
            of_labels = (values.gather(1, targets) - log_sum).sum()
            likelihood -= of_labels
            spread = (values.mean(-1, keepdim=True) - log_sum).sum()
            smoothed -= (1 - smoothing) * of_labels + smoothing * spread
            if ctx.needs_input_grad[0]:
                probabilities.sub_(smoothing / probabilities.shape[1])
                excess = torch.full_like(targets, smoothing - 1, dtype=wide)
                part.copy_(probabilities.scatter_add_(1, targets, excess))
        ctx.save_for_backward(*([logits.detach()] if ctx.needs_input_grad[0] else []))
        ctx.mark_non_differentiable(likelihood)
        return smoothed, likelihood

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None, None, None]:
        """Scale the gradient that `forward` computed."""
        (gradient,) = ctx.saved_tensors
        scale = outer[0]
        # Saves a pass over all logits, as the scale is nearly always 1; a GPU would have to wait.
        if scale.device.type != "cpu" or scale != 1:
            gradient = gradient * scale.to(gradient.dtype)
        return gradient, None, None, None
