"""Attention that looks near one place of the source, which it foretells."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.attention.general import GeneralAttention
from nmt.models.memory import Memory
from nmt.runtime.errors import require


class PredictiveLocalAttention(GeneralAttention):
    """Scores `q · W v` within a window of `p ± reach`, and weakens them away from its centre.

    `p = S σ(v · tanh(W q))` with S the sentence's own length, END counted; the first piece stands
    at 0. The softmax over the window is multiplied by `exp(-(s - p)² / 2σ²)`, `σ = reach / 2`, so
    that weights sum to less than 1; gradients reach p through this factor alone.

    Source: Luong, Pham and Manning 2015, section 3.2, "local-p", with the score "general".

    Args:
        query_size: features of what asks.
        value_size: features of what is asked.
        reach: places to either side of p, the paper's D.
    """

    def __init__(self, query_size: int, value_size: int, reach: int) -> None:
        super().__init__(query_size, value_size)
        require(reach >= 1, "model.attention.reach", reach, "at least 1")
        self.reach = reach
        self.position = nn.Linear(query_size, query_size, bias=False)
        self.vector = nn.Linear(query_size, 1, bias=False)

    def weigh(
        self,
        scores: Float[Tensor, "batch target source"],
        query: Float[Tensor, "batch target query"],
        memory: Memory,
    ) -> Float[Tensor, "batch target source"]:
        """Give the window's softmax under the bell."""
        # In bfloat16 places above 256 would fall together.
        sums = self.vector(self.position(query).tanh())
        share = sums.to(torch.promote_types(sums.dtype, torch.float32)).sigmoid()
        length = memory.mask.sum(dim=1).view(-1, 1, 1)
        distance = torch.arange(scores.shape[-1], device=scores.device) - length * share
        inside = distance.abs() <= self.reach
        weights = super().weigh(
            scores.masked_fill(~inside, torch.finfo(scores.dtype).min), query, memory
        )
        return weights * (-2 * (distance / self.reach) ** 2).exp().to(weights.dtype)
