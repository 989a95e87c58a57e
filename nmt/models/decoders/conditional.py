"""The decoder whose lowest layer has two cells, with attention in between."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.models.attention.attention import MakeAttention
from nmt.models.decoders.decoder import AttentionalDecoder, Weights
from nmt.models.linear.training import recurrent_loop
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.models.stack import ContextFedStack, MakeStack, Masks, RecurrentStack


class ConditionalDecoder(AttentionalDecoder):
    """Queries with a first cell, which reads the piece; a second cell reads the context.

    The two share one state and count as one layer. The layers above read their output and the
    context; nothing of them is fed back, so they run over all positions at once.

    Source: Bahdanau, Cho and Bengio 2015, section 3.1, as built by Sennrich et al. 2017
    ("Nematus"), section 3.1; that the upper layers also read the context is ours.
    """

    def build_layers(
        self, sizes: MemorySizes, stack: MakeStack, attention: MakeAttention, layers: int
    ) -> tuple[Sizes, Sequence[int]]:
        """Create the two cells with the attention between them, and the upper layers."""
        self.query_cell = stack(self.embedding.size, range(1, 2))
        self.attention = attention(self.query_cell.output_size, sizes.value)
        self.context_cell = stack(sizes.value, range(1, 2))
        hidden_size = self.context_cell.output_size
        self.upper = self.build_upper(stack, hidden_size, sizes.value, range(2, layers + 1))
        state_sizes = self.context_cell.state_sizes + self.upper.state_sizes
        return state_sizes, [self.upper.output_size, sizes.value, self.embedding.size]

    @staticmethod
    def build_upper(
        stack: MakeStack, hidden_size: int, value_size: int, numbers: Sequence[int]
    ) -> RecurrentStack | ContextFedStack:
        """Create the layers above, over the concatenated output and context."""
        return stack(hidden_size + value_size, numbers)

    def start(self, memory: Memory) -> tuple[State, ...]:
        """Return the state of each layer."""
        return self.bridge(memory)

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Loop the lowest layer over the positions; run the upper ones over all at once."""
        states = self.start(memory)
        masks = (
            self.query_cell.sample_masks(memory.values),
            self.context_cell.sample_masks(memory.values),
        )
        embedded = self.embedding(ids)
        bottom, outputs, contexts, weights = states[:1], [], [], []
        with recurrent_loop():
            for piece in embedded.unbind(1):
                output, context, row_weights, bottom = self._step(piece, bottom, memory, masks)
                outputs.append(output)
                contexts.append(context)
                weights.append(row_weights)
        context = torch.stack(contexts, dim=1)
        inputs = torch.cat([torch.stack(outputs, dim=1), context], dim=-1)
        top, _ = self.upper.unroll(inputs, states[1:])
        readouts = self.readout.dropout(self.readout(top, context, embedded))
        return readouts, torch.stack(weights, dim=1)

    def step(
        self, ids: Int[Tensor, " rows"], state: tuple[State, ...], memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], tuple[State, ...]]:
        """Read one piece per row."""
        embedded = self.embedding.look_up(ids)
        masks = self.query_cell.no_masks(), self.context_cell.no_masks()
        output, context, _, bottom = self._step(embedded, state[:1], memory, masks)
        top, upper = self.upper.step(torch.cat([output, context], dim=-1), state[1:])
        return self.readout(top, context, embedded), bottom + upper

    def _step(
        self,
        embedded: Float[Tensor, "rows input"],
        states: tuple[State, ...],
        memory: Memory,
        masks: tuple[Masks, Masks],
    ) -> tuple[Tensor, Tensor, Tensor, tuple[State, ...]]:
        query, states = self.query_cell.masked_step(embedded, states, masks[0])
        context, weights = self.attention.step(query, memory)
        output, states = self.context_cell.masked_step(context, states, masks[1])
        return output, context, weights, states


class DeepConditionalDecoder(ConditionalDecoder):
    """A `ConditionalDecoder` each of whose upper layers reads the context, not the second alone.

    Source: Miceli Barone et al. 2017, section 2.3 (stacked decoders, "rGRU").
    """

    @staticmethod
    def build_upper(
        stack: MakeStack, hidden_size: int, value_size: int, numbers: Sequence[int]
    ) -> RecurrentStack | ContextFedStack:
        """Create layers that all read the context."""
        return ContextFedStack(stack, hidden_size, value_size, numbers)
