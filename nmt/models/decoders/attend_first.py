"""The decoder that attends before it reads the piece."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.models.attention.attention import MakeAttention
from nmt.models.decoders.decoder import AttentionalDecoder, Weights
from nmt.models.linear.training import recurrent_loop
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.models.stack import MakeStack, Masks

Carried = tuple[tuple[State, ...], Float[Tensor, "rows query"]]
"""The states of the layers and the output of the top one, the query at the next position."""


class AttendFirstDecoder(AttentionalDecoder):
    """Attends with, and predicts from, the top layer's output at the previous position.

    With s the top layer's output: `c(i) = attend(s(i-1))`, the readout combines
    `s(i-1), c(i), y(i-1)`, and `s(i) = f(s(i-1), y(i-1), c(i))`. The prediction thus does not
    wait for the recurrence, which reads piece and context for the next position.

    Source: Bahdanau, Cho and Bengio 2015, section 3.1 and appendix A.2.2 ("RNNsearch"), with one
    layer.
    """

    def build_layers(
        self, sizes: MemorySizes, stack: MakeStack, attention: MakeAttention, layers: int
    ) -> tuple[Sizes, Sequence[int]]:
        """Create the layers and the attention."""
        self.stack = stack(self.embedding.size + sizes.value, range(1, layers + 1))
        self.attention = attention(self.stack.output_size, sizes.value)
        part_sizes = [self.stack.output_size, sizes.value, self.embedding.size]
        return self.stack.state_sizes, part_sizes

    def start(self, memory: Memory) -> Carried:
        """Return the state of each layer; the first query is the top one's hidden vector."""
        states = self.bridge(memory)
        return states, states[-1][0]

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Loop over the positions; compute the readouts of all positions at once."""
        carried = self.start(memory)
        masks = self.stack.sample_masks(memory.values)
        embedded = self.embedding(ids)
        queries, contexts, weights = [], [], []
        with recurrent_loop():
            for piece in embedded.unbind(1):
                queries.append(carried[1])
                context, row_weights, carried = self._step(piece, carried, memory, masks)
                contexts.append(context)
                weights.append(row_weights)
        readouts = self.readout(torch.stack(queries, 1), torch.stack(contexts, 1), embedded)
        return self.readout.dropout(readouts), torch.stack(weights, dim=1)

    def step(
        self, ids: Int[Tensor, " rows"], state: Carried, memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], Carried]:
        """Read one piece per row."""
        embedded = self.embedding.look_up(ids)
        context, _, carried = self._step(embedded, state, memory, self.stack.no_masks())
        return self.readout(state[1], context, embedded), carried

    def _step(
        self, embedded: Tensor, carried: Carried, memory: Memory, masks: Masks
    ) -> tuple[Tensor, Tensor, Carried]:
        states, query = carried
        context, weights = self.attention.step(query, memory)
        inputs = torch.cat([embedded, context.to(embedded.dtype)], dim=-1)
        output, states = self.stack.masked_step(inputs, states, masks)
        return context, weights, (states, output)
