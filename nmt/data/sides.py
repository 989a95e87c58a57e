"""Which side of a parallel corpus a language model reads."""

from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Int

from nmt.data.batching import Segmentation
from nmt.data.preparation.shards import Shards
from nmt.data.ragged import Ragged
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers

Item = TypeVar("Item")


@runtime_checkable
class Side(Protocol):
    """One language of prepared pairs."""

    def select(self, source: Item, target: Item) -> Item:
        """Return the item of this side."""
        ...

    def ids(self, shards: Shards, rows: Int[np.ndarray, " rows"]) -> Ragged:
        """Copy the ids of these lines, in this order."""
        return self.select(shards.sources, shards.targets)(rows)

    def texts(self, shards: Shards) -> list[str]:
        """Copy all lines."""
        return self.select(shards.source_texts, shards.target_texts)(np.arange(len(shards)))

    def tokenizer(self, tokenizers: Tokenizers) -> Tokenizer:
        """Return the tokenizer of this side."""
        return self.select(tokenizers.source, tokenizers.target)


@dataclass(frozen=True)
class SourceSide(Side):
    """The language that is translated."""

    def select(self, source: Item, target: Item) -> Item:
        """Return the source's item."""
        return source


@dataclass(frozen=True)
class TargetSide(Side):
    """The language of the translations."""

    def select(self, source: Item, target: Item) -> Item:
        """Return the target's item."""
        return target


@dataclass(frozen=True)
class OneSidedSegmentation(Segmentation):
    """The lines of one side as targets, and empty sources.

    Attributes:
        side: the language of the targets.
    """

    side: Side

    def __call__(
        self, shards: Shards, tokenizers: Tokenizers, rows: Int[np.ndarray, " rows"], seed: int
    ) -> tuple[Ragged, Ragged]:
        """Copy the stored ids."""
        return Ragged.from_lists([[]] * len(rows)), self.side.ids(shards, rows)
