"""The readout that takes the largest of several linear combinations."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from nmt.models.readouts.readout import Readout
from nmt.runtime.errors import require


class MaxoutReadout(Readout):
    """Gives for each feature the maximum of `pool` neighbours in `W [parts] + b`.

    Source: Goodfellow et al. 2013, section 3; as a readout, with a pool of 2, Cho et al. 2014,
    appendix A.1.2, and Bahdanau, Cho and Bengio 2015, appendix A.2.2.

    Args:
        sizes: features of each part.
        readout_size: features of the result.
        dropout: share of the result's features switched off for a sentence, at training.
        pool: how many linear combinations compete for each feature.
    """

    def __init__(self, sizes: Sequence[int], readout_size: int, dropout: float, pool: int) -> None:
        require(pool >= 1, "model.readout.pool", pool, "at least 1")
        super().__init__(sizes, pool * readout_size, dropout)
        self.pool = pool

    def forward(self, *parts: Float[Tensor, "*places _"]) -> Float[Tensor, "*places readout"]:
        """Combine the parts of the same places."""
        combined = self.combine(torch.cat(parts, dim=-1))
        return combined.view(*combined.shape[:-1], -1, self.pool).amax(dim=-1)
