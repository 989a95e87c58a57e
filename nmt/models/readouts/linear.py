"""The readout without a non-linearity."""

import torch
from jaxtyping import Float
from torch import Tensor

from nmt.models.readouts.readout import Readout


class LinearReadout(Readout):
    """Computes `W [parts] + b`; with normalized parts it learns faster than with a tanh."""

    def forward(self, *parts: Float[Tensor, "*shape _"]) -> Float[Tensor, "*shape readout"]:
        """Combine the parts of the same positions."""
        return self.combine(torch.cat(parts, dim=-1))
