"""The contract of a reading: what a training batch holds, and what is known at its start."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nmt.batch import Batch
from nmt.groups import Data
from nmt.language_models.network import LanguageNetwork
from nmt.objectives.objective import Network
from nmt.shards import Shards
from nmt.side import Side
from nmt.tokenizer import Tokenizers


@dataclass(frozen=True)
class Epochs:
    """The training data, and how many rows of batches are an epoch."""

    data: Data
    rows: int


@runtime_checkable
class Reading(Protocol):
    """Cuts text into batches, and makes a network read them."""

    def epochs(self, shards: Shards, tokenizers: Tokenizers, side: Side, seed: int) -> Epochs:
        """Give the batches to learn from."""
        ...

    def held_out(self, shards: Shards, side: Side) -> Iterator[Batch]:
        """Give the batches to validate on: each piece and each END is a label once."""
        ...

    def reader(self, network: LanguageNetwork) -> Network:
        """Give what reads these batches in their order, and is a module of the same weights."""
        ...
