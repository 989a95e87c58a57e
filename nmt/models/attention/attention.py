"""The contract of an attention: what its scores are; masking, softmax and average are here."""

import abc
from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.memory import Memory


class Attention(nn.Module, abc.ABC):
    """Lets each target place look at the source places: queries, keys, values to contexts.

    All target places at once are the natural shape. One step of a decoder is the case of one
    target place, one step of a search the case in which a sentence's hypotheses are its places.
    """

    def __init__(self, query_size: int, value_size: int) -> None:
        super().__init__()
        self.query_size = query_size
        self.value_size = value_size

    @abc.abstractmethod
    def keys(
        self, values: Float[Tensor, "batch source value"]
    ) -> Float[Tensor, "batch source key"]:
        """Compute, once a sentence, what queries are compared with."""

    @abc.abstractmethod
    def scores(
        self,
        query: Float[Tensor, "batch target query"],
        keys: Float[Tensor, "batch source key"],
    ) -> Float[Tensor, "batch target source"]:
        """Compare each query with each key; higher is nearer."""

    def weigh(
        self,
        scores: Float[Tensor, "batch target source"],
        query: Float[Tensor, "batch target query"],
        memory: Memory,
    ) -> Float[Tensor, "batch target source"]:
        """Turn scores, which are lowest where there is no piece, into weights that sum to 1."""
        return torch.softmax(scores, dim=-1)

    def precompute_keys(self, memory: Memory) -> Memory:
        """Add the keys to a memory."""
        return replace(memory, keys=self.keys(memory.values))

    def forward(
        self, query: Float[Tensor, "batch target query"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target value"], Float[Tensor, "batch target source"]]:
        """Give the contexts and the weights of `weigh`, which are 0 where there is no piece."""
        assert memory.keys is not None, "memory.keys come from precompute_keys"
        scores = self.scores(query, memory.keys)
        scores = scores.masked_fill(~memory.mask.unsqueeze(1), torch.finfo(scores.dtype).min)
        weights = self.weigh(scores, query, memory)
        return torch.bmm(weights.to(memory.values.dtype), memory.values), weights

    def step(
        self, query: Float[Tensor, "rows query"], memory: Memory
    ) -> tuple[Float[Tensor, "rows value"], Float[Tensor, "rows source"]]:
        """Answer one query a row; there are as many rows for each sentence of `memory`."""
        context, weights = self(query.view(memory.mask.shape[0], -1, query.shape[-1]), memory)
        return context.flatten(0, 1), weights.flatten(0, 1)


MakeAttention = Callable[[int, int], Attention]
"""Makes an attention of (query size, value size)."""
