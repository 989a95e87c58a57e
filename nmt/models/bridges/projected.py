"""Bridges between encoders and decoders of any sizes."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.bridges.bridge import Bridge
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.runtime.errors import ConfigurationError


class ProjectedBridge(Bridge):
    """Starts each decoder layer from `tanh(W final + b)` of the encoder's top layer.

    Source: Cho et al. 2014, appendix A.1.2.

    Args:
        sizes: of the encoder's memories.
        state_sizes: of the decoder's states.
    """

    def __init__(self, sizes: MemorySizes, state_sizes: Sizes) -> None:
        super().__init__()
        self.state_sizes = state_sizes
        self.widths = [size for layer in state_sizes for size in layer]
        self.projection = nn.Linear(self.input_size(sizes.final[-1]), sum(self.widths))

    def forward(self, memory: Memory) -> tuple[State, ...]:
        """Project all parts of the top layer's final state at once."""
        projected = self.projection(self.inputs(memory.final[-1])).tanh()
        parts = iter(projected.split(self.widths, dim=-1))
        return tuple(tuple(next(parts) for _ in sizes) for sizes in self.state_sizes)

    @staticmethod
    def input_size(sizes: tuple[int, ...]) -> int:
        """Return the features that the projection reads."""
        return sum(sizes)

    @staticmethod
    def inputs(state: State) -> Float[Tensor, "batch input"]:
        """Return what the projection reads of the top layer's final state: all of it."""
        return torch.cat(state, dim=-1)


class BackwardProjectedBridge(ProjectedBridge):
    """Projects the backward direction alone, which has read the first piece last.

    It reads the second half of each part of the top layer's final state.

    Source: Bahdanau, Cho and Bengio 2015, appendix A.2.2.

    Raises:
        ConfigurationError: if the encoder's top layer does not end with two directions.
    """

    def __init__(self, sizes: MemorySizes, state_sizes: Sizes) -> None:
        if sizes.directions != 2:
            raise ConfigurationError(
                "model/bridge=backward starts the decoder from the backward half of the encoder's"
                " top final state, but with this model/encoder and decoder that state is not two"
                " concatenated directions; use model/encoder=bidirectional or another whose top"
                " layer reads in both, or model/bridge=projected"
            )
        super().__init__(sizes, state_sizes)

    @staticmethod
    def input_size(sizes: tuple[int, ...]) -> int:
        """Return the features that the projection reads."""
        return sum(sizes) // 2

    @staticmethod
    def inputs(state: State) -> Float[Tensor, "batch input"]:
        """Return what the projection reads of the top layer's final state: its backward half."""
        return torch.cat([part.chunk(2, dim=-1)[1] for part in state], dim=-1)
