"""What the language models that are networks share: they read pieces, and predict by a softmax."""

import abc
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.data.batch import Batch
from nmt.data.special_ids import PADDING
from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.log_probabilities import log_probabilities

PLACES = 4096  # of which the logits are held at once; a line may have millions


class LanguageNetwork(nn.Module, abc.ABC):
    """A language model with weights; the trainer feeds it batches of which it reads the target.

    Attributes:
        embedding: of the pieces that are read.
        output: from readouts to logits.
        pieces: size of the vocabulary.
    """

    def __init__(self, embedding: Embedding, output: OutputLayer) -> None:
        super().__init__()
        self.embedding = embedding
        self.output = output
        self.pieces = output.weight.shape[0]

    @abc.abstractmethod
    def start(self, rows: int) -> Any:
        """Give the state before anything is read."""

    @abc.abstractmethod
    def read(
        self, ids: Int[Tensor, "rows places"], state: Any
    ) -> tuple[Float[Tensor, "rows places readout"], Any]:
        """Read all places at once, under dropout in training: a readout for each, and the state."""

    @abc.abstractmethod
    def advance(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows readout"], Any]:
        """Read one piece a row, without dropout; `read` equals one after the other."""

    def forward(self, batch: Batch) -> Float[Tensor, "batch target readout"]:
        """Give the readout after each of the batch's inputs, each row being a line."""
        readouts, _ = self.read(batch.inputs, self.start(len(batch.target)))
        return readouts

    def logits(self, readouts: Float[Tensor, "*places readout"]) -> Float[Tensor, "*places pieces"]:
        """Give logits of the next piece, at chosen places."""
        return self.output(readouts)

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Read one piece a row, BEGIN first; give the next one's log-probabilities, in nats."""
        readouts, state = self.advance(ids, state)
        return self.logits(readouts).float().log_softmax(dim=-1), state

    @torch.inference_mode()
    def log_probabilities(
        self, target: Int[Tensor, "batch bounded"]
    ) -> Float[Tensor, "batch target"]:
        """Give in nats how probable each of `target[:, 1:]` is after those before it."""
        state = self.start(len(target))
        found = torch.zeros(target[:, 1:].shape, device=target.device)
        for start in range(0, found.shape[1], PLACES):
            ids, labels = target[:, start : start + PLACES], target[:, start + 1 :][:, :PLACES]
            readouts, state = self.read(ids[:, : labels.shape[1]], state)
            real = labels != PADDING
            said = log_probabilities(self.logits, readouts[real], labels[real])
            found[:, start : start + PLACES][real] = said.float()
        return found
