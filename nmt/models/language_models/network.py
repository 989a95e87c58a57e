"""What neural language models share: they read pieces and predict by a softmax."""

import abc
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.data.batch import Batch
from nmt.data.special_ids import PADDING
from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.log_probabilities import log_probabilities

CHUNK_POSITIONS = 4096
"""Positions whose readouts exist at a time, as a line may have millions."""


class LanguageNetwork(nn.Module, abc.ABC):
    """A neural language model, trained on batches of which it reads the target.

    Args:
        embedding: of the pieces that are read.
        output: from readouts to logits.

    Attributes:
        pieces: size of the vocabulary.
    """

    def __init__(self, embedding: Embedding, output: OutputLayer) -> None:
        super().__init__()
        self.embedding = embedding
        self.output = output
        self.pieces = output.weight.shape[0]

    @abc.abstractmethod
    def start(self, rows: int) -> Any:
        """Return the state before BEGIN."""

    @abc.abstractmethod
    def read(
        self, ids: Int[Tensor, "rows positions"], state: Any
    ) -> tuple[Float[Tensor, "rows positions readout"], Any]:
        """Read all positions at once, with dropout in training; return readouts and final state."""

    @abc.abstractmethod
    def advance(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows readout"], Any]:
        """Read one piece per row, without dropout; `read` equals this for position by position."""

    def forward(self, batch: Batch) -> Float[Tensor, "batch target readout"]:
        """Return the readout after each of the batch's inputs; each row is a line."""
        readouts, _ = self.read(batch.inputs, self.start(len(batch.target)))
        return readouts

    def logits(self, readouts: Float[Tensor, "*shape readout"]) -> Float[Tensor, "*shape pieces"]:
        """Compute the logits of the next piece."""
        return self.output(readouts)

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Read one piece per row, BEGIN first; return log-probabilities of the next, in nats."""
        readouts, state = self.advance(ids, state)
        return self.logits(readouts).float().log_softmax(dim=-1), state

    @torch.inference_mode()
    def log_probabilities(
        self, target: Int[Tensor, "batch bounded"]
    ) -> Float[Tensor, "batch target"]:
        """Compute the log-probability of each of `target[:, 1:]`, in nats; 0 for PADDING."""
        state = self.start(len(target))
        results = torch.zeros(target[:, 1:].shape, device=target.device)
        for first in range(0, results.shape[1], CHUNK_POSITIONS):
            chunk = slice(first, first + CHUNK_POSITIONS)
            labels = target[:, 1:][:, chunk]
            readouts, state = self.read(target[:, :-1][:, chunk], state)
            valid = labels != PADDING
            values = log_probabilities(self.logits, readouts[valid], labels[valid])
            results[:, chunk][valid] = values.float()
        return results
