"""Log-probabilities of given pieces, without holding the logits of all positions at once."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

SLICE_POSITIONS = 1024
"""Positions whose logits exist at a time; 32 MB in float32 for 8,000 pieces."""


def log_probabilities(
    logits: Callable[[Float[Tensor, "_ readout"]], Float[Tensor, "_ pieces"]],
    readouts: Float[Tensor, "positions readout"],
    labels: Int[Tensor, " positions"],
) -> Float[Tensor, " positions"]:
    """Return each label's log-probability, in nats and at least float32."""
    results = [readouts.new_zeros(0)]
    for first in range(0, len(labels), SLICE_POSITIONS):
        window = slice(first, first + SLICE_POSITIONS)
        values = logits(readouts[window])
        wide = values.to(torch.promote_types(values.dtype, torch.float32)).log_softmax(dim=-1)
        results.append(wide.gather(1, labels[window].unsqueeze(1)).squeeze(1))
    return torch.cat(results)
