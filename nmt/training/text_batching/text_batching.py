"""The contract of text batching: what a batch holds, and the state at its start."""

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
    """The training data, and the number of rows in all batches of an epoch."""

    data: TrainingData
    rows: int


@runtime_checkable
class TextBatching(Protocol):
    """Divides text into batches, and makes a network read them."""

    def epochs(self, shards: Shards, tokenizers: Tokenizers, side: Side, seed: int) -> TextEpochs:
        """Return the batches to train on."""
        ...

    def validation_batches(self, shards: Shards, side: Side) -> Iterator[Batch]:
        """Yield the batches to validate on, in which each piece and each END is a label once."""
        ...

    def wrap(self, network: LanguageNetwork) -> Network:
        """Return a module of the same weights that reads these batches in their order."""
        ...
