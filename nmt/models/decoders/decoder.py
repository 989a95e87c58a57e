"""The contract of a decoder, with the slow loop over positions that defines the fast ones."""

import abc
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.models.attention.attention import Attention, MakeAttention
from nmt.models.bridges.bridge import MakeBridge
from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.memory import Memory, MemorySizes, Sizes
from nmt.models.readouts.readout import MakeReadout
from nmt.models.stack import MakeStack
from nmt.runtime.errors import require

Weights = Float[Tensor, "batch target source"]


class Decoder(nn.Module, abc.ABC):
    """Predicts the next target piece from the pieces before it and from the memory.

    The constructor is the same for all decoders; a subclass builds its layers in `build_layers`.
    A readout is the vector from which the logits of the next piece are computed; `logits` is
    separate, so that a loss computes them at real positions only.

    Args:
        embedding: of target pieces.
        output: from readouts to logits.
        sizes: of the encoder's memories.
        stack: makes layers of (input size, layer numbers).
        attention: made of (query size, value size); not used by decoders without attention.
        bridge: made of (sizes of the encoder's memories, sizes of the layers' states).
        readout: made of (features of each part, features of the result).
        layers: number of layers, at least 1.

    Raises:
        ConfigurationError: if there is no layer.
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
        super().__init__()
        require(layers >= 1, "model.decoder.layers", layers, "at least 1")
        self.embedding = embedding
        self.output = output
        state_sizes, part_sizes = self.build_layers(sizes, stack, attention, layers)
        self.bridge = bridge(sizes, state_sizes)
        self.readout = readout(part_sizes, output.readout_size)

    @abc.abstractmethod
    def build_layers(
        self, sizes: MemorySizes, stack: MakeStack, attention: MakeAttention, layers: int
    ) -> tuple[Sizes, Sequence[int]]:
        """Create the layers and the attention; called once, by the constructor.

        Returns:
            The sizes of the layers' states, bottom first, and of the parts of the readout.
        """

    def prepare_memory(self, memory: Memory) -> Memory:
        """Add to a memory what this decoder computes once per sentence; here nothing."""
        return memory

    @abc.abstractmethod
    def start(self, memory: Memory) -> Any:
        """Return the state before the first piece, one row per sentence."""

    @abc.abstractmethod
    def step(
        self, ids: Int[Tensor, " rows"], state: Any, memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], Any]:
        """Read one piece per row and return the readout and the state after it.

        Each sentence of `memory` has the same number of rows. There is no dropout: a mask lasts
        for a whole sentence, so only `forward` can sample it.
        """

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Return the readout after each of `ids` (BEGIN first), and attention weights, if any."""
        state = self.start(memory)
        readouts = []
        for position in range(ids.shape[1]):
            readout, state = self.step(ids[:, position], state, memory)
            readouts.append(readout)
        return torch.stack(readouts, dim=1), None

    def logits(self, readouts: Float[Tensor, "*shape readout"]) -> Float[Tensor, "*shape pieces"]:
        """Compute the logits of the next piece."""
        return self.output(readouts)


class AttentionalDecoder(Decoder):
    """A decoder whose `build_layers` also sets `attention`."""

    attention: Attention

    def prepare_memory(self, memory: Memory) -> Memory:
        """Add the keys of the attention."""
        return self.attention.precompute_keys(memory)
