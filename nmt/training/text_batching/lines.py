"""Line by line: each begins with BEGIN, and nothing is known of the others."""

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
    """Batches of lines of about the same length.

    Attributes:
        budget: pieces of a batch, padding and END included.
        window: lines, shuffled, that are sorted by length together.
    """

    budget: int
    window: int

    def __post_init__(self) -> None:
        """Refuse numbers that give no batch."""
        checks.at_least("text_batching.budget", self.budget, 1)
        checks.at_least("text_batching.window", self.window, 1)

    def epochs(self, shards: Shards, tokenizers: Tokenizers, side: Side, seed: int) -> TextEpochs:
        """Give the lines in another order each epoch."""
        data = BucketedBatches(
            shards, tokenizers, OneSidedSegmentation(side), self.budget, self.window, seed, 0, 1
        )
        return TextEpochs(data, len(shards))

    def held_out(self, shards: Shards, side: Side) -> Iterator[Batch]:
        """Give each line once, short ones first."""
        lines = side.ids(shards, np.arange(len(shards)))
        nothing = Ragged.from_lists([[]] * len(shards))
        return (batch for _, batch in batches_in_order(nothing, lines, self.budget))

    def reader(self, network: LanguageNetwork) -> LanguageNetwork:
        """Give the network itself, which begins each row anew."""
        return network
