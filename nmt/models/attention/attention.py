"""The contract of an attention: subclasses define its scores; the rest is shared."""

import abc
from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.memory import Memory


class Attention(nn.Module, abc.ABC):
    """Computes a context for each target position: queries, keys, values, scores, weights.

    It takes all target positions at once. A step of a decoder is the case of one target position;
    in a step of a search the hypotheses of a sentence take the role of its positions.

    Args:
        query_size: features of each query.
        value_size: features of each of the memory's values.
    """

    def __init__(self, query_size: int, value_size: int) -> None:
        super().__init__()
        self.query_size = query_size
        self.value_size = value_size

    @abc.abstractmethod
    def keys(
        self, values: Float[Tensor, "batch source value"]
    ) -> Float[Tensor, "batch source key"]:
        """Compute what queries are compared with, once per sentence."""

    @abc.abstractmethod
    def scores(
        self,
        query: Float[Tensor, "batch target query"],
        keys: Float[Tensor, "batch source key"],
    ) -> Float[Tensor, "batch target source"]:
        """Compute the score of each key for each query; higher is nearer."""

    def attention_weights(
        self,
        scores: Float[Tensor, "batch target source"],
        query: Float[Tensor, "batch target query"],
        memory: Memory,
    ) -> Float[Tensor, "batch target source"]:
        """Turn scores, already the lowest number on padding, into weights that sum to 1."""
        return torch.softmax(scores, dim=-1)

    def precompute_keys(self, memory: Memory) -> Memory:
        """Add the keys to a memory."""
        return replace(memory, keys=self.keys(memory.values))

    def forward(
        self, query: Float[Tensor, "batch target query"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target value"], Float[Tensor, "batch target source"]]:
        """Return the contexts and the attention weights, which are 0 on padding."""
        assert memory.keys is not None, "memory.keys come from precompute_keys"
        scores = self.scores(query, memory.keys)
        scores = scores.masked_fill(~memory.mask.unsqueeze(1), torch.finfo(scores.dtype).min)
        weights = self.attention_weights(scores, query, memory)
        return torch.bmm(weights.to(memory.values.dtype), memory.values), weights

    def step(
        self, query: Float[Tensor, "rows query"], memory: Memory
    ) -> tuple[Float[Tensor, "rows value"], Float[Tensor, "rows source"]]:
        """Compute one query per row; each sentence of `memory` has the same number of rows."""
        context, weights = self(query.view(memory.mask.shape[0], -1, query.shape[-1]), memory)
        return context.flatten(0, 1), weights.flatten(0, 1)


MakeAttention = Callable[[int, int], Attention]
"""Makes an attention of (query size, value size)."""
