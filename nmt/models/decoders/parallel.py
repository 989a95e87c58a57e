"""The decoder whose attention feeds nothing back, so that training needs no loop over places."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.models.attention.attention import Attention
from nmt.models.bridges.bridge import Bridge
from nmt.models.decoders.decoder import Decoder, Weights
from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.models.readouts.readout import MakeReadout
from nmt.models.stack import MakeStack
from nmt.runtime.errors import require


class ParallelDecoder(Decoder):
    """Attends from the first layer; the context enters the second layer and the readout.

    The upper layers carry what was attended to from place to place, so that the decoder sees past
    contexts although teacher forcing runs as one fused call a layer over all target places.

    Source: attention from the bottom decoder layer as Wu et al. 2016, section 3; there the
    context enters all upper layers directly and the bottom layer sees the one before.

    Args:
        embedding: of target pieces.
        output: from readouts to logits.
        sizes: of the encoder's memories.
        stack: makes layers of (input size, layers' numbers).
        attention: made of (query size, value size).
        bridge: made of (sizes of the encoder's memories, decoder's state sizes).
        readout: made of (features of each part, features of the result).
        layers: how many, at least 1.
    """

    def __init__(
        self,
        embedding: Embedding,
        output: OutputLayer,
        sizes: MemorySizes,
        stack: MakeStack,
        attention: Callable[[int, int], Attention],
        bridge: Callable[[MemorySizes, Sizes], Bridge],
        readout: MakeReadout,
        layers: int,
    ) -> None:
        super().__init__(embedding, output)
        require(layers >= 1, "model.decoder.layers", layers, "at least 1")
        self.bottom = stack(embedding.size, range(1, 2))
        hidden_size = self.bottom.output_size
        self.attention = attention(hidden_size, sizes.value)
        self.upper = stack(hidden_size + sizes.value, range(2, layers + 1))
        self.bridge = bridge(sizes, self.bottom.state_sizes + self.upper.state_sizes)
        self.readout = readout([self.upper.output_size, sizes.value], output.readout_size)

    def remember(self, memory: Memory) -> Memory:
        """Add attention's keys."""
        return self.attention.remember(memory)

    def start(self, memory: Memory) -> tuple[State, ...]:
        """Give the state of each layer."""
        return self.bridge(memory)

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Compute all places at once."""
        states = self.start(memory)
        asking, _ = self.bottom.unroll(self.embedding(ids), states[:1])
        context, weights = self.attention(asking, memory)
        answered, _ = self.upper.unroll(torch.cat([asking, context], dim=-1), states[1:])
        return self.readout.dropout(self.readout(answered, context)), weights

    def step(
        self, ids: Int[Tensor, " rows"], state: tuple[State, ...], memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], tuple[State, ...]]:
        """Take in one piece a row."""
        asking, below = self.bottom.step(self.embedding.look_up(ids), state[:1])
        context, _ = self.attention.step(asking, memory)
        answered, above = self.upper.step(torch.cat([asking, context], dim=-1), state[1:])
        return self.readout(answered, context), below + above
