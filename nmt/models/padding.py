"""Where padded sentences truly end: their last outputs, and their reversal in place."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def last_valid(
    outputs: Float[Tensor, "rows places hidden"], mask: Bool[Tensor, "rows places"]
) -> Float[Tensor, "rows hidden"]:
    """Give each row's output at its last true place (every row has one)."""
    last = mask.sum(dim=1) - 1
    return outputs[torch.arange(outputs.shape[0], device=outputs.device), last]


def reverse_padded(
    values: Float[Tensor, "rows places hidden"], mask: Bool[Tensor, "rows places"]
) -> Float[Tensor, "rows places hidden"]:
    """Turn each row round within its true places; its padding stays where it is.

    Whole vectors are moved, not feature by feature as by `gather`, which takes ten times as long.
    """
    rows, places = mask.shape
    places_of_row = torch.arange(places, device=mask.device)
    mirrored = mask.sum(dim=1, keepdim=True) - 1 - places_of_row
    within = torch.where(mirrored >= 0, mirrored, places_of_row)
    index = within + torch.arange(0, rows * places, places, device=mask.device).unsqueeze(1)
    return values.flatten(0, 1).index_select(0, index.flatten()).view(values.shape)
