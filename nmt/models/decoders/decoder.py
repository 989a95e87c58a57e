"""The contract of a decoder, with the slow loop over target places that defines every fast one."""

import abc
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.memory import Memory

Weights = Float[Tensor, "batch target source"]


class Decoder(nn.Module, abc.ABC):
    """Predicts the next target piece from the pieces before it and from memory.

    A readout is what the logits of the next piece are computed from; `logits` is apart, so that
    a loss asks for them only where there is a piece.
    """

    def __init__(self, embedding: Embedding, output: OutputLayer) -> None:
        super().__init__()
        self.embedding = embedding
        self.output = output

    def remember(self, memory: Memory) -> Memory:
        """Add to a memory what this decoder computes once a sentence; here nothing."""
        return memory

    @abc.abstractmethod
    def start(self, memory: Memory) -> Any:
        """Give the state before the first piece, one row a sentence."""

    @abc.abstractmethod
    def step(
        self, ids: Int[Tensor, " rows"], state: Any, memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], Any]:
        """Take in one piece a row; there are as many rows for each sentence of `memory`.

        No dropout is drawn here: a mask lasts a sentence, so that only `forward` can draw it.
        """

    def forward(
        self, ids: Int[Tensor, "batch target"], memory: Memory
    ) -> tuple[Float[Tensor, "batch target readout"], Weights | None]:
        """Give the readouts after each of `ids` (BEGIN first), and attention's weights if any."""
        state = self.start(memory)
        readouts = []
        for place in range(ids.shape[1]):
            readout, state = self.step(ids[:, place], state, memory)
            readouts.append(readout)
        return torch.stack(readouts, dim=1), None

    def logits(self, readouts: Float[Tensor, "*places readout"]) -> Float[Tensor, "*places pieces"]:
        """Give for each piece of the vocabulary its score as the next one, not normalised."""
        return self.output(readouts)
