"""The decoder whose lowest layer moves twice a place, with attention in between."""

from collections.abc import Callable, Sequence

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
from nmt.models.stack import ContextFedStack, MakeStack, Masks, RecurrentStack
from nmt.runtime.errors import require


class ConditionalDecoder(Decoder):
    """A first cell reads the piece and asks, a second reads the answer; both move one state.

    Layers above them read their output and the context; as nothing of theirs is fed back, they
    run over all places at once.

    Source: Bahdanau, Cho and Bengio 2015, section 3.1, as Sennrich et al. 2017 ("Nematus") built
    it, section 3.1; that the upper layers hear the context as well is ours.

    Args:
        embedding: of target pieces.
        output: from readouts to logits.
        sizes: of the encoder's memories.
        stack: makes layers of (input size, layers' numbers).
        attention: made of (query size, value size).
        bridge: made of (sizes of the encoder's memories, decoder's state sizes).
        readout: made of (features of each part, features of the result).
        layers: how many, the two cells being one, at least 1.
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
        self.asking = stack(embedding.size, range(1, 2))
        self.attention = attention(self.asking.output_size, sizes.value)
        self.reading = stack(sizes.value, range(1, 2))
        hidden_size = self.reading.output_size
        self.upper = self.above(stack, hidden_size, sizes.value, range(2, layers + 1))
        self.bridge = bridge(sizes, self.reading.state_sizes + self.upper.state_sizes)
        parts = [self.upper.output_size, sizes.value, embedding.size]
        self.readout = readout(parts, output.readout_size)

    @staticmethod
    def above(
        stack: MakeStack, hidden_size: int, value_size: int, numbers: Sequence[int]
    ) -> RecurrentStack | ContextFedStack:
        """Make the layers over the output and the context, side by side."""
        return stack(hidden_size + value_size, numbers)

    def remember(self, memory: Memory) -> Memory:
        """Add attention's keys."""
        return self.attention.remember(memory)

    def start(self, memory: Memory) -> tuple[State, ...]:
        """Give the state of each layer."""
        return self.bridge(memory)

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Step the lowest layer over the places; run the upper ones over all places at once."""
        states = self.start(memory)
        masks = self.asking.draw(memory.values), self.reading.draw(memory.values)
        embedded = self.embedding(ids)
        below, outputs, contexts, weights = states[:1], [], [], []
        with recurring():
            for place in embedded.unbind(1):
                output, context, asked, below = self._move(place, below, memory, masks)
                outputs.append(output)
                contexts.append(context)
                weights.append(asked)
        context = torch.stack(contexts, dim=1)
        read = torch.cat([torch.stack(outputs, dim=1), context], dim=-1)
        top, _ = self.upper.unroll(read, states[1:])
        readouts = self.readout.dropout(self.readout(top, context, embedded))
        return readouts, torch.stack(weights, dim=1)

    def step(
        self, ids: Int[Tensor, " rows"], state: tuple[State, ...], memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], tuple[State, ...]]:
        """Take in one piece a row."""
        embedded = self.embedding.look_up(ids)
        masks = self.asking.no_masks(), self.reading.no_masks()
        output, context, _, below = self._move(embedded, state[:1], memory, masks)
        top, above = self.upper.step(torch.cat([output, context], dim=-1), state[1:])
        return self.readout(top, context, embedded), below + above

    def _move(
        self,
        embedded: Float[Tensor, "rows input"],
        states: tuple[State, ...],
        memory: Memory,
        masks: tuple[Masks, Masks],
    ) -> tuple[Tensor, Tensor, Tensor, tuple[State, ...]]:
        asking, states = self.asking.masked_step(embedded, states, masks[0])
        context, weights = self.attention.step(asking, memory)
        output, states = self.reading.masked_step(context, states, masks[1])
        return output, context, weights, states


class DeepConditionalDecoder(ConditionalDecoder):
    """Tells the context to each of the upper layers, not to the second alone.

    Source: Miceli Barone et al. 2017, section 2.3 (stacked decoders, "rGRU").
    """

    @staticmethod
    def above(
        stack: MakeStack, hidden_size: int, value_size: int, numbers: Sequence[int]
    ) -> RecurrentStack | ContextFedStack:
        """Make layers that all hear the context."""
        return ContextFedStack(stack, hidden_size, value_size, numbers)
