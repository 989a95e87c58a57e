"""The bridge that fits encoders and decoders of any sizes."""

import torch
from torch import nn

from nmt.bridges.bridge import Bridge
from nmt.memory import Memory, Sizes, State


class Projected(Bridge):
    """Starts each decoder layer from `tanh(W final + b)` of the encoder's top layer.

    Source: Bahdanau, Cho and Bengio 2015, appendix A.2.2, who take the backward direction alone.

    Args:
        final_sizes: the encoder's.
        state_sizes: the decoder's.
    """

    def __init__(self, final_sizes: Sizes, state_sizes: Sizes) -> None:
        super().__init__()
        self.state_sizes = state_sizes
        self.widths = [size for sizes in state_sizes for size in sizes]
        self.projection = nn.Linear(sum(final_sizes[-1]), sum(self.widths))

    def forward(self, memory: Memory) -> tuple[State, ...]:
        """Project all parts of the top layer's final state at once."""
        projected = self.projection(torch.cat(memory.final[-1], dim=-1)).tanh()
        parts = iter(projected.split(self.widths, dim=-1))
        return tuple(tuple(next(parts) for _ in sizes) for sizes in self.state_sizes)
