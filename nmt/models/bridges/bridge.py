"""The contract of a bridge from the encoder's final states to the decoder's initial ones."""

import abc
from collections.abc import Callable

from torch import nn

from nmt.models.memory import Memory, MemorySizes, Sizes, State


class Bridge(nn.Module, abc.ABC):
    """Made of the sizes of the encoder's memories and of the decoder's states."""

    @abc.abstractmethod
    def forward(self, memory: Memory) -> tuple[State, ...]:
        """Return the initial state of each decoder layer, one row per sentence."""


MakeBridge = Callable[[MemorySizes, Sizes], Bridge]
"""Makes a bridge of (sizes of the encoder's memories, sizes of the decoder's states)."""
