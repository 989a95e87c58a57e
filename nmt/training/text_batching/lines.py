"""Independent lines: each starts with BEGIN and the initial state."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmt.data.batch import Batch
from nmt.data.batching import BucketedBatches, batches_in_order
from nmt.data.preparation.shards import Shards
from nmt.data.ragged import Ragged
from nmt.data.sides import OneSidedSegmentation, Side
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.models.language_models.network import LanguageNetwork
from nmt.runtime import checks
from nmt.training.text_batching.text_batching import TextBatching, TextEpochs


@dataclass(frozen=True)
class LineByLine(TextBatching):
    """Batches of lines of similar length.

    Attributes:
        budget: pieces of a batch, padding and END included.
        window: shuffled lines that are sorted by length together.
    """

    budget: int
    window: int

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        checks.at_least("text_batching.budget", self.budget, 1)
        checks.at_least("text_batching.window", self.window, 1)

    def epochs(self, shards: Shards, tokenizers: Tokenizers, side: Side, seed: int) -> TextEpochs:
        """Return the lines in another order each epoch."""
        data = BucketedBatches(
            shards, tokenizers, OneSidedSegmentation(side), self.budget, self.window, seed, 0, 1
        )
        return TextEpochs(data, len(shards))

    def validation_batches(self, shards: Shards, side: Side) -> Iterator[Batch]:
        """Yield each line once, short ones first."""
        lines = side.ids(shards, np.arange(len(shards)))
        empty = Ragged.from_lists([[]] * len(shards))
        return (batch for _, batch in batches_in_order(empty, lines, self.budget))

    def wrap(self, network: LanguageNetwork) -> LanguageNetwork:
        """Return the network itself, which starts each row anew."""
        return network
