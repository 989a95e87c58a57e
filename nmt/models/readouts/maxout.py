"""The readout that takes the largest of several linear combinations."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from nmt.models.readouts.readout import Readout
from nmt.runtime.errors import require


class MaxoutReadout(Readout):
    """Computes for each feature the maximum of `pool` neighbours in `W [parts] + b`.

    Source: Goodfellow et al. 2013, section 3; as a readout, with a pool of 2, Cho et al. 2014,
    appendix A.1.2, and Bahdanau, Cho and Bengio 2015, appendix A.2.2.

    Args:
        sizes: features of each part.
        readout_size: features of the result.
        dropout: share of the result's features dropped for a whole sentence, in training.
        pool: linear combinations per feature, at least 1.

    Raises:
        ConfigurationError: if the pool is less than 1.
    """

    def __init__(self, sizes: Sequence[int], readout_size: int, dropout: float, pool: int) -> None:
        require(pool >= 1, "model.readout.pool", pool, "at least 1")
        super().__init__(sizes, pool * readout_size, dropout)
        self.pool = pool

    def forward(self, *parts: Float[Tensor, "*shape _"]) -> Float[Tensor, "*shape readout"]:
        """Combine the parts of the same positions."""
        combined = self.combine(torch.cat(parts, dim=-1))
        return combined.view(*combined.shape[:-1], -1, self.pool).amax(dim=-1)
