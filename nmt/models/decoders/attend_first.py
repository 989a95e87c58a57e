"""The decoder that looks at the source before it reads the piece."""

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

Carried = tuple[tuple[State, ...], Float[Tensor, "rows query"]]
"""The layers' states and the top layer's output, which asks at the next place."""


class AttendFirstDecoder(Decoder):
    """Asks with the top layer's output of the place before, and predicts from that as well.

    With s the top layer's output, at first its start: `c(i) = attend(s(i-1))`, the readout is of
    `s(i-1), c(i), y(i-1)`, and `s(i) = f(s(i-1), y(i-1), c(i))`. What is predicted thus does
    not wait for the recurrence, which reads piece and context for the next place.

    Source: Bahdanau, Cho and Bengio 2015, section 3.1 and appendix A.2.2 ("RNNsearch"), who have
    one layer.

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
        self.stack = stack(embedding.size + sizes.value, range(1, layers + 1))
        self.attention = attention(self.stack.output_size, sizes.value)
        self.bridge = bridge(sizes, self.stack.state_sizes)
        parts = [self.stack.output_size, sizes.value, embedding.size]
        self.readout = readout(parts, output.readout_size)

    def remember(self, memory: Memory) -> Memory:
        """Add attention's keys."""
        return self.attention.remember(memory)

    def start(self, memory: Memory) -> Carried:
        """Give the state of each layer, and the top one's hidden vector as the first to ask."""
        states = self.bridge(memory)
        return states, states[-1][0]

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Step over the places; readouts are computed for all places at once."""
        carried = self.start(memory)
        masks = self.stack.draw(memory.values)
        embedded = self.embedding(ids)
        asking, contexts, weights = [], [], []
        with recurring():
            for place in embedded.unbind(1):
                asking.append(carried[1])
                context, asked, carried = self._move(place, carried, memory, masks)
                contexts.append(context)
                weights.append(asked)
        readouts = self.readout(torch.stack(asking, 1), torch.stack(contexts, 1), embedded)
        return self.readout.dropout(readouts), torch.stack(weights, dim=1)

    def step(
        self, ids: Int[Tensor, " rows"], state: Carried, memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], Carried]:
        """Take in one piece a row."""
        embedded = self.embedding.look_up(ids)
        context, _, moved = self._move(embedded, state, memory, self.stack.no_masks())
        return self.readout(state[1], context, embedded), moved

    def _move(
        self, embedded: Tensor, carried: Carried, memory: Memory, masks: Masks
    ) -> tuple[Tensor, Tensor, Carried]:
        states, asking = carried
        context, weights = self.attention.step(asking, memory)
        read = torch.cat([embedded, context.to(embedded.dtype)], dim=-1)
        output, states = self.stack.masked_step(read, states, masks)
        return context, weights, (states, output)
