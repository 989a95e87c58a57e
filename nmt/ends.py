"""Where padded sentences truly end: their last outputs, and their reversal in place."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def at_end(
    outputs: Float[Tensor, "rows places hidden"], mask: Bool[Tensor, "rows places"]
) -> Float[Tensor, "rows hidden"]:
    """Give each row's output at its last true place (every row has one)."""
    last = mask.sum(dim=1) - 1
    return outputs[torch.arange(outputs.shape[0], device=outputs.device), last]


def reverse(
    values: Float[Tensor, "rows places hidden"], mask: Bool[Tensor, "rows places"]
) -> Float[Tensor, "rows places hidden"]:
    """Turn each row round within its true places; its padding stays where it is."""
    places = torch.arange(mask.shape[1], device=mask.device)
    mirrored = mask.sum(dim=1, keepdim=True) - 1 - places
    index = torch.where(mirrored >= 0, mirrored, places)
    return values.gather(1, index.unsqueeze(-1).expand_as(values))
