"""Attention within a window around a predicted source position."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.attention.general import GeneralAttention
from nmt.models.memory import Memory
from nmt.runtime.errors import require


class PredictiveLocalAttention(GeneralAttention):
    """Scores `q · W v` within a window of `p ± reach`, with weights that fall off from its centre.

    `p = S σ(v · tanh(W q))` with S the sentence's length, END included; the first piece is at
    position 0. The softmax over the window is multiplied by `exp(-(s - p)² / 2σ²)` with
    `σ = reach / 2`, so that weights sum to less than 1; gradients reach p through this alone.

    Source: Luong, Pham and Manning 2015, section 3.2, "local-p", with the score "general".

    Args:
        query_size: features of each query.
        value_size: features of each of the memory's values.
        reach: positions on either side of p, the paper's D; at least 1.

    Raises:
        ConfigurationError: if the reach is less than 1.
    """

    def __init__(self, query_size: int, value_size: int, reach: int) -> None:
        super().__init__(query_size, value_size)
        require(reach >= 1, "model.attention.reach", reach, "at least 1")
        self.reach = reach
        self.position = nn.Linear(query_size, query_size, bias=False)
        self.vector = nn.Linear(query_size, 1, bias=False)

    def attention_weights(
        self,
        scores: Float[Tensor, "batch target source"],
        query: Float[Tensor, "batch target query"],
        memory: Memory,
    ) -> Float[Tensor, "batch target source"]:
        """Compute the softmax over the window, multiplied by the Gaussian around p."""
        # In float32: bfloat16 cannot represent all positions above 256.
        position = self.vector(self.position(query).tanh())
        share = position.to(torch.promote_types(position.dtype, torch.float32)).sigmoid()
        length = memory.mask.sum(dim=1).view(-1, 1, 1)
        distance = torch.arange(scores.shape[-1], device=scores.device) - length * share
        inside = distance.abs() <= self.reach
        weights = super().attention_weights(
            scores.masked_fill(~inside, torch.finfo(scores.dtype).min), query, memory
        )
        return weights * (-2 * (distance / self.reach) ** 2).exp().to(weights.dtype)
