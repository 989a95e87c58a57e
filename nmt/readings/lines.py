"""Line by line: each begins with BEGIN, and nothing is known of the others."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmt import ranges
from nmt.batch import Batch
from nmt.batches import Batches, in_order
from nmt.language_models.network import LanguageNetwork
from nmt.ragged import Ragged
from nmt.readings.reading import Epochs, Reading
from nmt.shards import Shards
from nmt.side import OneSide, Side
from nmt.tokenizer import Tokenizers


@dataclass(frozen=True)
class Lines(Reading):
    """Batches of lines of about the same length.

    Attributes:
        budget: pieces of a batch, padding and END included.
        window: lines, shuffled, that are sorted by length together.
    """

    budget: int
    window: int

    def __post_init__(self) -> None:
        """Refuse numbers that give no batch."""
        ranges.at_least("reading.budget", self.budget, 1)
        ranges.at_least("reading.window", self.window, 1)

    def epochs(self, shards: Shards, tokenizers: Tokenizers, side: Side, seed: int) -> Epochs:
        """Give the lines in another order each epoch."""
        data = Batches(shards, tokenizers, OneSide(side), self.budget, self.window, seed, 0, 1)
        return Epochs(data, len(shards))

    def held_out(self, shards: Shards, side: Side) -> Iterator[Batch]:
        """Give each line once, short ones first."""
        lines = side.ids(shards, np.arange(len(shards)))
        nothing = Ragged.of([[]] * len(shards))
        return (batch for _, batch in in_order(nothing, lines, self.budget))

    def reader(self, network: LanguageNetwork) -> LanguageNetwork:
        """Give the network itself, which begins each row anew."""
        return network
