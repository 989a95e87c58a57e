"""The readout of attentional decoders."""

import torch
from jaxtyping import Float
from torch import Tensor

from nmt.models.readouts.readout import Readout


class TanhReadout(Readout):
    """Computes `tanh(W [parts] + b)`, which stays small where it is fed back.

    Source: Luong, Pham and Manning 2015, section 3, equation 5.
    """

    def forward(self, *parts: Float[Tensor, "*shape _"]) -> Float[Tensor, "*shape readout"]:
        """Combine the parts of the same positions."""
        return self.combine(torch.cat(parts, dim=-1)).tanh()
