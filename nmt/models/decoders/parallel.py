"""The decoder without feedback from attention, which trains without a loop over positions."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.models.attention.attention import MakeAttention
from nmt.models.decoders.decoder import AttentionalDecoder, Weights
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.models.stack import MakeStack


class ParallelDecoder(AttentionalDecoder):
    """Attends from the first layer; the context enters the second layer and the readout.

    The upper layers carry earlier contexts from position to position, although training with
    teacher forcing is one fused call per layer over all target positions.

    Source: attention from the bottom decoder layer as in Wu et al. 2016, section 3, where the
    context enters all upper layers directly and the bottom layer reads the previous context.
    """

    def build_layers(
        self, sizes: MemorySizes, stack: MakeStack, attention: MakeAttention, layers: int
    ) -> tuple[Sizes, Sequence[int]]:
        """Create the bottom layer, the attention and the upper layers."""
        self.bottom = stack(self.embedding.size, range(1, 2))
        hidden_size = self.bottom.output_size
        self.attention = attention(hidden_size, sizes.value)
        self.upper = stack(hidden_size + sizes.value, range(2, layers + 1))
        state_sizes = self.bottom.state_sizes + self.upper.state_sizes
        return state_sizes, [self.upper.output_size, sizes.value]

    def start(self, memory: Memory) -> tuple[State, ...]:
        """Return the state of each layer."""
        return self.bridge(memory)

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Compute all positions at once."""
        states = self.start(memory)
        query, _ = self.bottom.unroll(self.embedding(ids), states[:1])
        context, weights = self.attention(query, memory)
        top, _ = self.upper.unroll(torch.cat([query, context], dim=-1), states[1:])
        return self.readout.dropout(self.readout(top, context)), weights

    def step(
        self, ids: Int[Tensor, " rows"], state: tuple[State, ...], memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], tuple[State, ...]]:
        """Read one piece per row."""
        query, bottom = self.bottom.step(self.embedding.look_up(ids), state[:1])
        context, _ = self.attention.step(query, memory)
        top, upper = self.upper.step(torch.cat([query, context], dim=-1), state[1:])
        return self.readout(top, context), bottom + upper
