"""Decoders whose bottom layer attends, and all of whose layers hear the answer."""

from collections.abc import Callable
from typing import Any

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
from nmt.models.stack import ContextFedStack, MakeStack, Masks
from nmt.runtime.errors import require

Carried = tuple[tuple[State, ...], Float[Tensor, "rows context"]]
"""The layers' states and the last context, which the bottom layer hears at the next place."""


class EveryLayerDecoder(Decoder):
    """Attends from the bottom layer; the upper layers hear the context at once, it one place on.

    Nothing of the upper layers is fed back, so that training steps the bottom layer over the
    places and runs the others over all places at once. With one layer alone, the readout has
    its context beside it.

    Source: Wu et al. 2016, section 3. By their formula a context is asked for by the bottom
    layer's output of the place before, for all layers; that the upper ones hear what the same
    place has asked for is as in RNMT+ (Chen et al. 2018, section 3.1).

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
        self.bottom = stack(embedding.size + sizes.value, range(1, 2))
        hidden_size = self.bottom.output_size
        self.attention = attention(hidden_size, sizes.value)
        self.upper = ContextFedStack(stack, hidden_size, sizes.value, range(2, layers + 1))
        self.bridge = bridge(sizes, self.bottom.state_sizes + self.upper.state_sizes)
        parts = self.parts_of(self.upper.output_size, sizes.value)
        self.readout = readout(parts, output.readout_size)

    @staticmethod
    def parts_of(top: Any, context: Any) -> list[Any]:
        """Give what the readout combines, of two things or of their sizes."""
        return [top]

    def remember(self, memory: Memory) -> Memory:
        """Add attention's keys."""
        return self.attention.remember(memory)

    def start(self, memory: Memory) -> Carried:
        """Give the state of each layer, and zeros for the context before the first."""
        values = memory.values
        return self.bridge(memory), torch.zeros_like(values[:, 0])

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Step the bottom layer over the places; run the upper ones over all places at once."""
        states, context = self.start(memory)
        masks = self.bottom.draw(memory.values)
        below, outputs, contexts, weights = (states[:1], context), [], [], []
        with recurring():
            for place in self.embedding(ids).unbind(1):
                output, asked, below = self._move(place, below, memory, masks)
                outputs.append(output)
                contexts.append(below[1])
                weights.append(asked)
        context = torch.stack(contexts, dim=1)
        read = torch.cat([torch.stack(outputs, dim=1), context], dim=-1)
        top, _ = self.upper.unroll(read, states[1:])
        readouts = self.readout.dropout(self.readout(*self.parts_of(top, context)))
        return readouts, torch.stack(weights, dim=1)

    def step(
        self, ids: Int[Tensor, " rows"], state: Carried, memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], Carried]:
        """Take in one piece a row."""
        states, context = state
        embedded = self.embedding.look_up(ids)
        masks = self.bottom.no_masks()
        output, _, (below, context) = self._move(embedded, (states[:1], context), memory, masks)
        top, above = self.upper.step(torch.cat([output, context], dim=-1), states[1:])
        return self.readout(*self.parts_of(top, context)), (below + above, context)

    def _move(
        self, embedded: Tensor, carried: Carried, memory: Memory, masks: Masks
    ) -> tuple[Tensor, Tensor, Carried]:
        states, heard = carried
        inputs = torch.cat([embedded, heard.to(embedded.dtype)], dim=-1)
        output, states = self.bottom.masked_step(inputs, states, masks)
        context, weights = self.attention.step(output, memory)
        return output, weights, (states, context)


class EveryLayerAndReadoutDecoder(EveryLayerDecoder):
    """Tells the context to the readout as well.

    Source: Chen et al. 2018, section 3.1 ("RNMT+").
    """

    @staticmethod
    def parts_of(top: Any, context: Any) -> list[Any]:
        """Give what the readout combines, of two things or of their sizes."""
        return [top, context]
