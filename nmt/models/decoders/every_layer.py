"""Decoders whose bottom layer attends and all of whose layers read the context."""

from collections.abc import Sequence
from typing import TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.models.attention.attention import MakeAttention
from nmt.models.decoders.decoder import AttentionalDecoder, Weights
from nmt.models.linear.training import recurrent_loop
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.models.stack import ContextFedStack, MakeStack, Masks

Carried = tuple[tuple[State, ...], Float[Tensor, "rows context"]]
"""The states of the layers and the last context, which the bottom layer reads next."""

PartT = TypeVar("PartT")


class EveryLayerDecoder(AttentionalDecoder):
    """Attends from the bottom layer; upper layers read this context, the bottom one the previous.

    Nothing of the upper layers is fed back: training loops over the positions with the bottom
    layer, and runs the others over all positions at once. With one layer alone, the readout also
    reads the context.

    Source: Wu et al. 2016, section 3. In their formula all layers read the context of the bottom
    layer's previous output; that the upper ones read the current one follows RNMT+ (Chen et al.
    2018, section 3.1).
    """

    def build_layers(
        self, sizes: MemorySizes, stack: MakeStack, attention: MakeAttention, layers: int
    ) -> tuple[Sizes, Sequence[int]]:
        """Create the bottom layer, the attention and the upper layers."""
        self.bottom = stack(self.embedding.size + sizes.value, range(1, 2))
        hidden_size = self.bottom.output_size
        self.attention = attention(hidden_size, sizes.value)
        self.upper = ContextFedStack(stack, hidden_size, sizes.value, range(2, layers + 1))
        state_sizes = self.bottom.state_sizes + self.upper.state_sizes
        return state_sizes, self.readout_parts(self.upper.output_size, sizes.value)

    @staticmethod
    def readout_parts(top: PartT, context: PartT) -> list[PartT]:
        """Select what the readout combines, from vectors or from their sizes."""
        return [top]

    def start(self, memory: Memory) -> Carried:
        """Return the state of each layer, and zeros in place of the previous context."""
        values = memory.values
        return self.bridge(memory), torch.zeros_like(values[:, 0])

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Loop the bottom layer over the positions; run the upper ones over all at once."""
        states, context = self.start(memory)
        masks = self.bottom.sample_masks(memory.values)
        carried, outputs, contexts, weights = (states[:1], context), [], [], []
        with recurrent_loop():
            for embedded in self.embedding(ids).unbind(1):
                output, row_weights, carried = self._step(embedded, carried, memory, masks)
                outputs.append(output)
                contexts.append(carried[1])
                weights.append(row_weights)
        context = torch.stack(contexts, dim=1)
        inputs = torch.cat([torch.stack(outputs, dim=1), context], dim=-1)
        top, _ = self.upper.unroll(inputs, states[1:])
        readouts = self.readout.dropout(self.readout(*self.readout_parts(top, context)))
        return readouts, torch.stack(weights, dim=1)

    def step(
        self, ids: Int[Tensor, " rows"], state: Carried, memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], Carried]:
        """Read one piece per row."""
        states, context = state
        embedded = self.embedding.look_up(ids)
        masks = self.bottom.no_masks()
        output, _, (bottom, context) = self._step(embedded, (states[:1], context), memory, masks)
        top, upper = self.upper.step(torch.cat([output, context], dim=-1), states[1:])
        return self.readout(*self.readout_parts(top, context)), (bottom + upper, context)

    def _step(
        self, embedded: Tensor, carried: Carried, memory: Memory, masks: Masks
    ) -> tuple[Tensor, Tensor, Carried]:
        states, previous = carried
        inputs = torch.cat([embedded, previous.to(embedded.dtype)], dim=-1)
        output, states = self.bottom.masked_step(inputs, states, masks)
        context, weights = self.attention.step(output, memory)
        return output, weights, (states, context)


class EveryLayerAndReadoutDecoder(EveryLayerDecoder):
    """An `EveryLayerDecoder` whose readout also reads the context.

    Source: Chen et al. 2018, section 3.1 ("RNMT+").
    """

    @staticmethod
    def readout_parts(top: PartT, context: PartT) -> list[PartT]:
        """Select what the readout combines, from vectors or from their sizes."""
        return [top, context]
