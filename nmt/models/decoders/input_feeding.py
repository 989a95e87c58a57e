"""The decoder that feeds each readout into the next position."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.models.attention.attention import MakeAttention
from nmt.models.decoders.decoder import AttentionalDecoder, Weights
from nmt.models.linear.training import recurrent_loop
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.models.stack import MakeStack, Masks

Carried = tuple[tuple[State, ...], Float[Tensor, "rows readout"]]
"""The states of the layers and the last readout, which is fed back."""


class InputFeedingDecoder(AttentionalDecoder):
    """Attends from the top layer; the readout is an input of the lowest layer at the next position.

    Each position waits for the one before, so training loops over target positions.

    Source: Luong, Pham and Manning 2015, section 3.3.
    """

    def build_layers(
        self, sizes: MemorySizes, stack: MakeStack, attention: MakeAttention, layers: int
    ) -> tuple[Sizes, Sequence[int]]:
        """Create the layers and the attention."""
        self.stack = stack(self.embedding.size + self.output.readout_size, range(1, layers + 1))
        self.attention = attention(self.stack.output_size, sizes.value)
        return self.stack.state_sizes, [self.stack.output_size, sizes.value]

    def start(self, memory: Memory) -> Carried:
        """Return the state of each layer, and zeros in place of the previous readout."""
        values = memory.values
        return self.bridge(memory), values.new_zeros(values.shape[0], self.output.readout_size)

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Loop over the positions under one set of dropout masks."""
        carried = self.start(memory)
        masks = self.stack.sample_masks(memory.values)
        readouts, weights = [], []
        with recurrent_loop():
            for embedded in self.embedding(ids).unbind(1):
                carried, row_weights = self._step(embedded, carried, memory, masks)
                readouts.append(carried[1])
                weights.append(row_weights)
        return self.readout.dropout(torch.stack(readouts, dim=1)), torch.stack(weights, dim=1)

    def step(
        self, ids: Int[Tensor, " rows"], state: Carried, memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], Carried]:
        """Read one piece per row."""
        state, _ = self._step(self.embedding.look_up(ids), state, memory, self.stack.no_masks())
        return state[1], state

    def _step(
        self, embedded: Tensor, carried: Carried, memory: Memory, masks: Masks
    ) -> tuple[Carried, Float[Tensor, "rows source"]]:
        states, readout = carried
        inputs = torch.cat([embedded, readout.to(embedded.dtype)], dim=-1)
        output, states = self.stack.masked_step(inputs, states, masks)
        context, weights = self.attention.step(output, memory)
        return (states, self.readout(output, context)), weights
