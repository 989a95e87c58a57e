"""The decoder that is told what it attended to at the place before."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.models.attention.attention import Attention
from nmt.models.bridges.bridge import Bridge
from nmt.models.decoders.decoder import Decoder, Weights
from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.linear.training import recurring
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.models.readouts.readout import MakeReadout
from nmt.models.stack import MakeStack, Masks
from nmt.runtime.errors import require

Carried = tuple[tuple[State, ...], Float[Tensor, "rows readout"]]
"""The layers' states and the last readout, which is fed back."""


class InputFeedingDecoder(Decoder):
    """Attends from the top layer; the readout is an input of the next place's lowest layer.

    As each place waits for the one before, training loops over target places.

    Source: Luong, Pham and Manning 2015, section 3.3.

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
        self.stack = stack(embedding.size + output.readout_size, range(1, layers + 1))
        self.attention = attention(self.stack.output_size, sizes.value)
        self.bridge = bridge(sizes, self.stack.state_sizes)
        self.readout = readout([self.stack.output_size, sizes.value], output.readout_size)

    def remember(self, memory: Memory) -> Memory:
        """Add attention's keys."""
        return self.attention.remember(memory)

    def start(self, memory: Memory) -> Carried:
        """Give the state of each layer, and zeros for the readout before the first."""
        values = memory.values
        return self.bridge(memory), values.new_zeros(values.shape[0], self.output.readout_size)

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Step over the places under dropout masks that stay the same."""
        carried = self.start(memory)
        masks = self.stack.draw(memory.values)
        readouts, weights = [], []
        with recurring():
            for embedded in self.embedding(ids).unbind(1):
                carried, asked = self._move(embedded, carried, memory, masks)
                readouts.append(carried[1])
                weights.append(asked)
        return self.readout.dropout(torch.stack(readouts, dim=1)), torch.stack(weights, dim=1)

    def step(
        self, ids: Int[Tensor, " rows"], state: Carried, memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], Carried]:
        """Take in one piece a row."""
        state, _ = self._move(self.embedding.look_up(ids), state, memory, self.stack.no_masks())
        return state[1], state

    def _move(
        self, embedded: Tensor, carried: Carried, memory: Memory, masks: Masks
    ) -> tuple[Carried, Float[Tensor, "rows source"]]:
        states, fed = carried
        inputs = torch.cat([embedded, fed.to(embedded.dtype)], dim=-1)
        output, states = self.stack.masked_step(inputs, states, masks)
        context, weights = self.attention.step(output, memory)
        return (states, self.readout(output, context)), weights
