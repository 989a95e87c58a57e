"""The contract of a bridge: how what the encoder ends with becomes what a decoder starts from."""

import abc
from collections.abc import Callable

from torch import nn

from nmt.models.memory import Memory, MemorySizes, Sizes, State


class Bridge(nn.Module, abc.ABC):
    """Made from the sizes of the encoder's memories and of the decoder's states."""

    @abc.abstractmethod
    def forward(self, memory: Memory) -> tuple[State, ...]:
        """Give the decoder's start: for each layer its state, one row a sentence."""


MakeBridge = Callable[[MemorySizes, Sizes], Bridge]
"""Makes a bridge of (sizes of the encoder's memories, sizes of the decoder's states)."""
