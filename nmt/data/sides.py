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

    def of(self, source: Item, target: Item) -> Item:
        """Choose what belongs to the language."""
        ...

    def ids(self, shards: Shards, rows: Int[np.ndarray, " rows"]) -> Ragged:
        """Copy the ids of these lines, in this order."""
        ...

    def texts(self, shards: Shards) -> list[str]:
        """Copy all lines."""
        ...

    def tokenizer(self, tokenizers: Tokenizers) -> Tokenizer:
        """Choose the language's tokenizer."""
        ...


@dataclass(frozen=True)
class SourceSide(Side):
    """What is translated."""

    def of(self, source: Item, target: Item) -> Item:
        """Choose the source's."""
        return source

    def ids(self, shards: Shards, rows: Int[np.ndarray, " rows"]) -> Ragged:
        """Copy the ids of these source lines."""
        return shards.sources(rows)

    def texts(self, shards: Shards) -> list[str]:
        """Copy all source lines."""
        return shards.source_texts(np.arange(len(shards)))

    def tokenizer(self, tokenizers: Tokenizers) -> Tokenizer:
        """Choose the source's."""
        return tokenizers.source


@dataclass(frozen=True)
class TargetSide(Side):
    """What it is translated into."""

    def of(self, source: Item, target: Item) -> Item:
        """Choose the target's."""
        return target

    def ids(self, shards: Shards, rows: Int[np.ndarray, " rows"]) -> Ragged:
        """Copy the ids of these target lines."""
        return shards.targets(rows)

    def texts(self, shards: Shards) -> list[str]:
        """Copy all target lines."""
        return shards.target_texts(np.arange(len(shards)))

    def tokenizer(self, tokenizers: Tokenizers) -> Tokenizer:
        """Choose the target's."""
        return tokenizers.target


@dataclass(frozen=True)
class OneSide(Segmentation):
    """Gives the lines of one side as targets, and sources without a piece.

    Attributes:
        side: the language that is read.
    """

    side: Side

    def __call__(
        self, shards: Shards, tokenizers: Tokenizers, rows: Int[np.ndarray, " rows"], seed: int
    ) -> tuple[Ragged, Ragged]:
        """Copy the stored ids."""
        return Ragged.of([[]] * len(rows)), self.side.ids(shards, rows)
