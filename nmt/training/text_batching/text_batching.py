"""The contract of a reading: what a training batch holds, and what is known at its start."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nmt.data.batch import Batch
from nmt.data.preparation.shards import Shards
from nmt.data.sides import Side
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.models.language_models.network import LanguageNetwork
from nmt.training.accumulation import TrainingData
from nmt.training.objectives.objective import Network


@dataclass(frozen=True)
class TextEpochs:
    """The training data, and how many rows of batches are an epoch."""

    data: TrainingData
    rows: int


@runtime_checkable
class TextBatching(Protocol):
    """Cuts text into batches, and makes a network read them."""

    def epochs(self, shards: Shards, tokenizers: Tokenizers, side: Side, seed: int) -> TextEpochs:
        """Give the batches to learn from."""
        ...

    def held_out(self, shards: Shards, side: Side) -> Iterator[Batch]:
        """Give the batches to validate on: each piece and each END is a label once."""
        ...

    def reader(self, network: LanguageNetwork) -> Network:
        """Give what reads these batches in their order, and is a module of the same weights."""
        ...
