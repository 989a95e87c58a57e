"""Running text: what is known at the start of a line is all that stood before it."""

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
    """Rows of consecutive lines, read in batches of some places; gradients end at their edges.

    Truncated back-propagation through time: the state goes on from batch to batch, gradients do
    not. Lines stand in the order of the corpus; END, read as input, is the BEGIN of the next line.

    Source: Mikolov et al. 2010, section 2; Williams and Peng 1990.

    Attributes:
        rows: that are read side by side, each a part of the corpus.
        positions: of a batch; how far back gradients reach.
    """

    rows: int
    positions: int

    def __post_init__(self) -> None:
        """Refuse numbers that give no batch."""
        checks.at_least("text_batching.rows", self.rows, 1)
        checks.at_least("text_batching.positions", self.positions, 1)

    def epochs(self, shards: Shards, tokenizers: Tokenizers, side: Side, seed: int) -> TextEpochs:
        """Give the text in its order, the same in each epoch; memory holds all of its ids."""
        text = self._text(shards, side)
        return TextEpochs(text, len(text) * self.rows)

    def held_out(self, shards: Shards, side: Side) -> Iterator[Batch]:
        """Give the text in its order."""
        return self._text(shards, side).epoch(0, 0)

    def reader(self, network: LanguageNetwork) -> "StatefulModel":
        """Give a reader that has read nothing yet."""
        return StatefulModel(network, self.rows)

    def _text(self, shards: Shards, side: Side) -> "ContinuousBatches":
        lines = side.ids(shards, np.arange(len(shards))).compact()
        ends = np.cumsum(lines.lengths + 1)
        stream = np.full(int(ends[-1]), END, np.int64)
        real = np.ones(len(stream), bool)
        real[ends - 1] = False
        stream[real] = lines.values
        # A row begins with a line: the one after that in which its share of the text begins.
        shares = len(stream) * np.arange(1, self.rows) // self.rows
        starts = ends[np.minimum(np.searchsorted(ends, shares), len(ends) - 1)]
        return ContinuousBatches(np.split(stream, starts), self.positions)


@dataclass(frozen=True)
class ContinuousBatches(TrainingData):
    """Rows of ids as batches of `places` places, each after the one before.

    Attributes:
        rows: of each row its ids, END after each line.
        positions: labels of a row in a batch.
    """

    rows: list[Int[np.ndarray, " _"]]
    positions: int

    def __len__(self) -> int:
        """Count the batches."""
        return -(-max(len(row) for row in self.rows) // self.positions)

    def epoch(self, number: int, skip: int) -> Iterator[Batch]:
        """Give the batches in order; the first begins with BEGIN in each row."""
        for start in range(skip * self.positions, len(self) * self.positions, self.positions):
            target = np.full((len(self.rows), self.positions + 1), PADDING, np.int64)
            for number_of_row, row in enumerate(self.rows):
                if start == 0:
                    target[number_of_row, 0] = BEGIN
                    part, first = row[: self.positions], 1
                else:
                    part, first = row[start - 1 : start + self.positions], 0
                target[number_of_row, first : first + len(part)] = part
            yield Batch(torch.full((len(target), 1), END), torch.from_numpy(target))


class StatefulModel(nn.Module):
    """Reads each batch from the state in which it left the one before.

    The state is kept in buffers, so that it is a part of the training state that is saved. A row
    that begins with BEGIN begins anew, and so does one whose state is not finite, as otherwise one
    update that is skipped would spoil all that follow.

    Args:
        network: reads.
        rows: of each batch.
    """

    def __init__(self, network: LanguageNetwork, rows: int) -> None:
        super().__init__()
        self.network = network
        self._rows = rows
        state = network.start(rows)
        self._form = tree.structure(state)
        for number, part in enumerate(tree.leaves(state)):
            self.register_buffer(f"carried_{number}", part.clone())
        self._parts = len(tree.leaves(state))

    def forward(self, batch: Batch) -> Float[Tensor, "batch target readout"]:
        """Give the readout after each of the batch's inputs, and go on from there next time.

        Raises:
            NmtError: if these are not all rows, because memory did not hold all of them.
        """
        inputs = batch.inputs
        if len(inputs) != self._rows:
            raise NmtError(
                f"text_batching.rows={self._rows} rows of text_batching.positions="
                f"{inputs.shape[1]} positions do not fit into memory, and cannot be cut, as each "
                "goes on from its own state; close "
                "other programs, or begin another run with smaller numbers"
            )
        carried = [self.get_buffer(f"carried_{number}") for number in range(self._parts)]
        known = tree.unflatten(carried, self._form)
        anew = inputs[:, 0] == BEGIN
        for part in carried:
            anew = anew | ~part.isfinite().flatten(1).all(dim=1)
        state = tree.where(anew, self.network.start(len(inputs)), known)
        readouts, state = self.network.read(inputs.masked_fill(inputs == END, BEGIN), state)
        for buffer, part in zip(carried, tree.leaves(state), strict=True):
            buffer.copy_(part.detach())
        return readouts

    def logits(self, readouts: Float[Tensor, "*places readout"]) -> Float[Tensor, "*places pieces"]:
        """Give logits of the next piece, at chosen places."""
        return self.network.logits(readouts)
