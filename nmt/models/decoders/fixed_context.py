"""Decoders without attention: the encoder's last state is all that they get."""

from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.models.bridges.bridge import Bridge
from nmt.models.decoders.decoder import Decoder, Weights
from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.models.readouts.readout import MakeReadout
from nmt.models.stack import MakeStack
from nmt.runtime.errors import require


class ContextAtStartDecoder(Decoder):
    """Starts from the encoder's last state and never hears of the source again.

    Source: Sutskever, Vinyals and Le 2014, section 2.

    Args:
        embedding: of target pieces.
        output: from readouts to logits.
        sizes: of the encoder's memories.
        stack: makes layers of (input size, layers' numbers).
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
        bridge: Callable[[MemorySizes, Sizes], Bridge],
        readout: MakeReadout,
        layers: int,
    ) -> None:
        super().__init__(embedding, output)
        require(layers >= 1, "model.decoder.layers", layers, "at least 1")
        context_size = self.context_size(sizes)
        self.stack = stack(embedding.size + context_size, range(1, layers + 1))
        self.bridge = bridge(sizes, self.stack.state_sizes)
        self.readout = readout(self.part_sizes(context_size), output.readout_size)

    @staticmethod
    def context_size(sizes: MemorySizes) -> int:
        """Give the features of what is told again at every step: none."""
        return 0

    @staticmethod
    def context(memory: Memory) -> Float[Tensor, "batch context"]:
        """Give what is told again at every step."""
        return memory.values[:, 0, :0]

    def part_sizes(self, context_size: int) -> list[int]:
        """Give the features of each part of the readout."""
        return [self.stack.output_size, context_size]

    @staticmethod
    def parts(output: Tensor, context: Tensor, embedded: Tensor) -> tuple[Tensor, ...]:
        """Give the parts of the readout."""
        return output, context

    def start(self, memory: Memory) -> tuple[State, ...]:
        """Give the state of each layer."""
        return self.bridge(memory)

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Compute all places at once; there are no weights."""
        embedded = self.embedding(ids)
        context = self.context(memory).unsqueeze(1).expand(-1, ids.shape[1], -1)
        outputs, _ = self.stack.unroll(torch.cat([embedded, context], dim=-1), self.start(memory))
        parts = self.parts(outputs, context, embedded)
        return self.readout.dropout(self.readout(*parts)), None

    def step(
        self, ids: Int[Tensor, " rows"], state: tuple[State, ...], memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], tuple[State, ...]]:
        """Take in one piece a row."""
        context = self.context(memory)
        # As repeat_interleave does, which as an ONNX graph fits one number of rows alone.
        width = ids.shape[0] // context.shape[0]
        context = context.unsqueeze(1).expand(-1, width, -1).flatten(0, 1)
        embedded = self.embedding.look_up(ids)
        output, state = self.stack.step(torch.cat([embedded, context], dim=-1), state)
        return self.readout(*self.parts(output, context, embedded)), state


class ContextAtEveryStepDecoder(ContextAtStartDecoder):
    """Hears the encoder's last state at every step, in the lowest layer and in the readout.

    Source: Cho et al. 2014, section 2.2.
    """

    @staticmethod
    def context_size(sizes: MemorySizes) -> int:
        """Give the features of the encoder's top final hidden vector."""
        return sizes.final[-1][0]

    @staticmethod
    def context(memory: Memory) -> Float[Tensor, "batch context"]:
        """Give the encoder's top final hidden vector."""
        return memory.final[-1][0]


class SummarisedContextDecoder(ContextAtEveryStepDecoder):
    """Hears `c = tanh(V h)` of the encoder's last hidden vector, and all that it gets of it.

    The start is the bridge's of c; the readout has the layers' output, c and the piece before.

    Source: Cho et al. 2014, section 2.2 and appendix A.1.
    """

    def __init__(
        self,
        embedding: Embedding,
        output: OutputLayer,
        sizes: MemorySizes,
        stack: MakeStack,
        bridge: Callable[[MemorySizes, Sizes], Bridge],
        readout: MakeReadout,
        layers: int,
    ) -> None:
        size = self.context_size(sizes)
        summarised = replace(sizes, final=((size,),), directions=1)
        super().__init__(embedding, output, summarised, stack, bridge, readout, layers)
        self.summary = nn.Linear(size, size)

    def remember(self, memory: Memory) -> Memory:
        """Put c in the place of the final states."""
        return replace(memory, final=((self.summary(self.context(memory)).tanh(),),))

    def part_sizes(self, context_size: int) -> list[int]:
        """Give the features of each part of the readout."""
        return [*super().part_sizes(context_size), self.embedding.size]

    @staticmethod
    def parts(output: Tensor, context: Tensor, embedded: Tensor) -> tuple[Tensor, ...]:
        """Give the parts of the readout."""
        return output, context, embedded
