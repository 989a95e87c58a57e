"""Continuous text: the state at the start of a line depends on all lines before it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.data.batch import Batch
from nmt.data.preparation.shards import Shards
from nmt.data.sides import Side
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.models import tree
from nmt.models.language_models.network import LanguageNetwork
from nmt.runtime import checks
from nmt.runtime.errors import NmtError
from nmt.training.accumulation import TrainingData
from nmt.training.text_batching.text_batching import TextBatching, TextEpochs


@dataclass(frozen=True)
class ContinuousText(TextBatching):
    """Truncated back-propagation through time: Williams and Peng 1990; Mikolov et al. 2010.

    Each row is a part of the corpus, read in batches of `positions` positions. The state carries
    over from batch to batch, gradients do not. Lines are in corpus order; END as an input is
    replaced by BEGIN, so that a line starts the same as the first one.

    Attributes:
        rows: parts of the corpus that are read side by side.
        positions: of a batch; how far back gradients reach.
    """

    rows: int
    positions: int

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        checks.at_least("text_batching.rows", self.rows, 1)
        checks.at_least("text_batching.positions", self.positions, 1)

    def epochs(self, shards: Shards, tokenizers: Tokenizers, side: Side, seed: int) -> TextEpochs:
        """Return the text in its order, the same in each epoch; all of its ids are in memory."""
        text = self._text(shards, side)
        return TextEpochs(text, len(text) * self.rows)

    def validation_batches(self, shards: Shards, side: Side) -> Iterator[Batch]:
        """Yield the text in its order."""
        return self._text(shards, side).epoch(0, 0)

    def wrap(self, network: LanguageNetwork) -> "StatefulModel":
        """Return a module that carries its state, which is the initial one."""
        return StatefulModel(network, self.rows)

    def _text(self, shards: Shards, side: Side) -> "ContinuousBatches":
        lines = side.ids(shards, np.arange(len(shards))).compact()
        ends = np.cumsum(lines.lengths + 1)
        stream = np.full(int(ends[-1]), END, np.int64)
        real = np.ones(len(stream), bool)
        real[ends - 1] = False
        stream[real] = lines.values
        # A row starts with the first line that begins at or after the start of its share.
        shares = len(stream) * np.arange(1, self.rows) // self.rows
        starts = ends[np.minimum(np.searchsorted(ends, shares), len(ends) - 1)]
        return ContinuousBatches(np.split(stream, starts), self.positions)


@dataclass(frozen=True)
class ContinuousBatches(TrainingData):
    """Rows of ids in batches of consecutive positions.

    Attributes:
        rows: ids of each row, with END after each line.
        positions: labels of a row in a batch.
    """

    rows: list[Int[np.ndarray, " _"]]
    positions: int

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-max(len(row) for row in self.rows) // self.positions)

    def epoch(self, number: int, skip: int) -> Iterator[Batch]:
        """Yield the batches in order; each row of the first starts with BEGIN."""
        for start in range(skip * self.positions, len(self) * self.positions, self.positions):
            target = np.full((len(self.rows), self.positions + 1), PADDING, np.int64)
            for index, row in enumerate(self.rows):
                if start == 0:
                    target[index, 0] = BEGIN
                    part, first = row[: self.positions], 1
                else:
                    part, first = row[start - 1 : start + self.positions], 0
                target[index, first : first + len(part)] = part
            yield Batch(torch.full((len(target), 1), END), torch.from_numpy(target))


class StatefulModel(nn.Module):
    """A language model that starts each batch with the state after the last one.

    The state is in buffers, and so a part of checkpoints. A row that starts with BEGIN starts with
    the initial state, and so does one whose state is not finite: otherwise one skipped update
    would make all later ones fail.

    Args:
        network: the language model.
        rows: of each batch.
    """

    def __init__(self, network: LanguageNetwork, rows: int) -> None:
        super().__init__()
        self.network = network
        self._rows = rows
        state = network.start(rows)
        self._structure = tree.structure(state)
        for number, part in enumerate(tree.leaves(state)):
            self.register_buffer(f"carried_{number}", part.clone())
        self._parts = len(tree.leaves(state))

    def forward(self, batch: Batch) -> Float[Tensor, "batch target readout"]:
        """Return the readout after each of the batch's inputs, and keep the state.

        Raises:
            NmtError: if rows are missing, as the whole batch did not fit into memory.
        """
        inputs = batch.inputs
        if len(inputs) != self._rows:
            raise NmtError(
                f"text_batching.rows={self._rows} rows of text_batching.positions="
                f"{inputs.shape[1]} positions do not fit into memory, and cannot be split, as each "
                "row has its own state; close other programs, or begin another run with smaller "
                "numbers"
            )
        carried = [self.get_buffer(f"carried_{number}") for number in range(self._parts)]
        previous = tree.unflatten(carried, self._structure)
        fresh = inputs[:, 0] == BEGIN
        for part in carried:
            fresh = fresh | ~part.isfinite().flatten(1).all(dim=1)
        state = tree.where(fresh, self.network.start(len(inputs)), previous)
        readouts, state = self.network.read(inputs.masked_fill(inputs == END, BEGIN), state)
        for buffer, part in zip(carried, tree.leaves(state), strict=True):
            buffer.copy_(part.detach())
        return readouts

    def logits(
        self, readouts: Float[Tensor, "*positions readout"]
    ) -> Float[Tensor, "*positions pieces"]:
        """Return the logits of the next piece."""
        return self.network.logits(readouts)
