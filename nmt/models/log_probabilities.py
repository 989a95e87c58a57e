"""How probable given pieces are at given places, without holding all logits at once."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

SLICE_PLACES = 1024
"""Places whose logits are held at a time; 32 MB in float32 for 8,000 pieces."""


def log_probabilities(
    logits: Callable[[Float[Tensor, "_ readout"]], Float[Tensor, "_ pieces"]],
    readouts: Float[Tensor, "places readout"],
    labels: Int[Tensor, " places"],
) -> Float[Tensor, " places"]:
    """Give each label's log-probability, in nats and at least float32."""
    found = [readouts.new_zeros(0)]
    for first in range(0, len(labels), SLICE_PLACES):
        some = slice(first, first + SLICE_PLACES)
        values = logits(readouts[some])
        wide = torch.promote_types(values.dtype, torch.float32)
        said = values.to(wide).log_softmax(dim=-1)
        found.append(said.gather(1, labels[some].unsqueeze(1)).squeeze(1))
    return torch.cat(found)
