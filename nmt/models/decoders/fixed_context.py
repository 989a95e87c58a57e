"""Decoders without attention, which receive the encoder's last state alone."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.models.attention.attention import MakeAttention
from nmt.models.bridges.bridge import MakeBridge
from nmt.models.decoders.decoder import Decoder, Weights
from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.models.readouts.readout import MakeReadout
from nmt.models.stack import MakeStack


class ContextAtStartDecoder(Decoder):
    """Starts from the encoder's last state and receives nothing else of the source.

    Source: Sutskever, Vinyals and Le 2014, section 2.
    """

    def build_layers(
        self, sizes: MemorySizes, stack: MakeStack, attention: MakeAttention, layers: int
    ) -> tuple[Sizes, Sequence[int]]:
        """Create the layers."""
        context_size = self.context_size(sizes)
        self.stack = stack(self.embedding.size + context_size, range(1, layers + 1))
        return self.stack.state_sizes, self.part_sizes(context_size)

    @staticmethod
    def context_size(sizes: MemorySizes) -> int:
        """Return the features of the context that every step reads; none."""
        return 0

    @staticmethod
    def context(memory: Memory) -> Float[Tensor, "batch context"]:
        """Return the context that every step reads."""
        return memory.values[:, 0, :0]

    def part_sizes(self, context_size: int) -> list[int]:
        """Return the features of each part of the readout."""
        return [self.stack.output_size, context_size]

    @staticmethod
    def parts(output: Tensor, context: Tensor, embedded: Tensor) -> tuple[Tensor, ...]:
        """Return the parts of the readout."""
        return output, context

    def start(self, memory: Memory) -> tuple[State, ...]:
        """Return the state of each layer."""
        return self.bridge(memory)

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Compute all positions at once; there are no weights."""
        embedded = self.embedding(ids)
        context = self.context(memory).unsqueeze(1).expand(-1, ids.shape[1], -1)
        outputs, _ = self.stack.unroll(torch.cat([embedded, context], dim=-1), self.start(memory))
        parts = self.parts(outputs, context, embedded)
        return self.readout.dropout(self.readout(*parts)), None

    def step(
        self, ids: Int[Tensor, " rows"], state: tuple[State, ...], memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], tuple[State, ...]]:
        """Read one piece per row."""
        context = self.context(memory)
        # Not repeat_interleave, whose ONNX graph is fixed to one number of rows.
        width = ids.shape[0] // context.shape[0]
        context = context.unsqueeze(1).expand(-1, width, -1).flatten(0, 1)
        embedded = self.embedding.look_up(ids)
        output, state = self.stack.step(torch.cat([embedded, context], dim=-1), state)
        return self.readout(*self.parts(output, context, embedded)), state


class ContextAtEveryStepDecoder(ContextAtStartDecoder):
    """Reads the encoder's last hidden vector at every step, in the lowest layer and the readout.

    Source: Cho et al. 2014, section 2.2.
    """

    @staticmethod
    def context_size(sizes: MemorySizes) -> int:
        """Return the features of the final hidden vector of the encoder's top layer."""
        return sizes.final[-1][0]

    @staticmethod
    def context(memory: Memory) -> Float[Tensor, "batch context"]:
        """Return the final hidden vector of the encoder's top layer."""
        return memory.final[-1][0]


class SummarisedContextDecoder(ContextAtEveryStepDecoder):
    """Reads `c = tanh(V h)` of the encoder's last hidden vector h, and nothing else of the source.

    The bridge starts the layers from c; the readout combines the layers' output, c and the
    previous piece.

    Source: Cho et al. 2014, section 2.2 and appendix A.1.
    """

    def __init__(
        self,
        embedding: Embedding,
        output: OutputLayer,
        sizes: MemorySizes,
        stack: MakeStack,
        attention: MakeAttention,
        bridge: MakeBridge,
        readout: MakeReadout,
        layers: int,
    ) -> None:
        size = self.context_size(sizes)
        summary = replace(sizes, final=((size,),), directions=1)
        super().__init__(embedding, output, summary, stack, attention, bridge, readout, layers)
        self.summary = nn.Linear(size, size)

    def prepare_memory(self, memory: Memory) -> Memory:
        """Replace the final states by c."""
        return replace(memory, final=((self.summary(self.context(memory)).tanh(),),))

    def part_sizes(self, context_size: int) -> list[int]:
        """Return the features of each part of the readout."""
        return [*super().part_sizes(context_size), self.embedding.size]

    @staticmethod
    def parts(output: Tensor, context: Tensor, embedded: Tensor) -> tuple[Tensor, ...]:
        """Return the parts of the readout."""
        return output, context, embedded
