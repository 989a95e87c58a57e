"""Dropout that draws one mask a sentence, for a tenth of the time of one a place."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.runtime.errors import require


class VariationalDropout(nn.Module):
    """Switches features off for a whole sentence, so that time cannot average the noise away.

    Source: Gal and Ghahramani 2016, section 4 (the masks of inputs and between layers).

    Args:
        rate: the share of features that is switched off, at training only.

    Raises:
        ConfigurationError: if the rate is not a share below 1.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        require(0 <= rate < 1, "dropout", rate, "a share of at least 0 and below 1")
        self.rate = rate

    def draw(self, values: Float[Tensor, "rows ..."]) -> Float[Tensor, "rows hidden"] | None:
        """Draw a mask for `values` (`[rows, …, hidden]`), kept features scaled up; None at rest."""
        if not self.training or self.rate == 0:
            return None
        keep = 1 - self.rate
        shape = (values.shape[0], values.shape[-1])
        return torch.empty(shape, dtype=values.dtype, device=values.device).bernoulli_(keep) / keep

    def forward(
        self, values: Float[Tensor, "rows places hidden"]
    ) -> Float[Tensor, "rows places hidden"]:
        """Give `values` under a fresh mask."""
        mask = self.draw(values)
        return values if mask is None else values * mask.unsqueeze(1)
