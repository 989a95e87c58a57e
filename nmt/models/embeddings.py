"""Pieces to vectors, readouts to logits, and which of these tables are shared."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.data.special_ids import PADDING
from nmt.models.linear import packed
from nmt.models.linear.training import linear
from nmt.models.variational_dropout import VariationalDropout
from nmt.runtime.errors import ConfigurationError, require


class Embedding(nn.Module):
    """Embeds pieces in vectors whose features have a variance of about 1.

    The table itself has a variance of 1/size, as a softmax that shares it needs.

    Args:
        pieces: size of the vocabulary.
        size: features of each vector, at least 1.
        dropout: share of features dropped for a whole sentence, in training.
        word_dropout: share of positions whose whole vector is dropped, in training (Gal and
            Ghahramani 2016, section 4.2).

    Raises:
        ConfigurationError: if the size is less than 1, or a rate is no share below 1.
    """

    def __init__(self, pieces: int, size: int, dropout: float, word_dropout: float) -> None:
        super().__init__()
        require(size >= 1, "embedding_size", size, "at least 1")
        require(0 <= word_dropout < 1, "word_dropout", word_dropout, "a share below 1")
        self.size = size
        self.weight = _table(pieces, size)
        self.dropout = VariationalDropout(dropout)
        self.word_dropout = word_dropout
        with torch.no_grad():
            self.weight[PADDING] = 0

    def forward(self, ids: Int[Tensor, "rows positions"]) -> Float[Tensor, "rows positions input"]:
        """Embed whole sentences, with dropout in training."""
        embedded = self.dropout(self.look_up(ids))
        if self.training and self.word_dropout > 0:
            keep = torch.empty(ids.shape, device=ids.device).bernoulli_(1 - self.word_dropout)
            embedded = embedded * keep.to(embedded.dtype).unsqueeze(-1)
        return embedded

    def look_up(self, ids: Int[Tensor, "*shape"]) -> Float[Tensor, "*shape input"]:
        """Embed pieces without dropout."""
        return nn.functional.embedding(ids, self.weight) * self.size**0.5


@contextmanager
def word_dropout(network: nn.Module, share: float) -> Iterator[None]:
    """Drop the vectors of a further share of positions in all embeddings, in training.

    Args:
        network: whose embeddings are changed within the context.
        share: of the positions that are kept otherwise.
    """
    embeddings = [module for module in network.modules() if isinstance(module, Embedding)]
    before = [embedding.word_dropout for embedding in embeddings]
    try:
        for embedding, rate in zip(embeddings, before, strict=True):
            embedding.word_dropout = 1 - (1 - rate) * (1 - share)
        yield
    finally:
        for embedding, rate in zip(embeddings, before, strict=True):
            embedding.word_dropout = rate


@dataclass(frozen=True)
class OutputColumns:
    """The part of an output layer for some pieces.

    Attributes:
        weight: their rows of the table.
        bias: their biases.
    """

    weight: Float[Tensor, "choices readout"]
    bias: Float[Tensor, " choices"]

    def __call__(self, readouts: Float[Tensor, "rows readout"]) -> Float[Tensor, "rows choices"]:
        """Compute the logits of these pieces."""
        return nn.functional.linear(readouts, self.weight, self.bias)


class OutputLayer(nn.Module):
    """Computes logits, the product of a readout with the vector of each target piece.

    Args:
        weight: the table `[pieces, readout]`, possibly that of an embedding.
    """

    def __init__(self, weight: nn.Parameter) -> None:
        super().__init__()
        self.weight = weight
        self.bias = nn.Parameter(torch.zeros(weight.shape[0]))
        self.readout_size = weight.shape[1]

    def forward(self, readouts: Float[Tensor, "*shape readout"]) -> Float[Tensor, "*shape pieces"]:
        """Compute the logits of all pieces."""
        return linear(readouts, self.weight, self.bias)

    def columns(self, ids: Int[Tensor, " choices"]) -> OutputColumns:
        """Copy the part for these pieces, in this order."""
        return OutputColumns(packed.select_rows(self.weight, ids), self.bias.index_select(0, ids))


Tables = tuple[Embedding, Embedding, OutputLayer]
"""Source embedding, target embedding, output."""

MakeEmbedding = Callable[[int], Embedding]
"""Makes an embedding of that many pieces."""


@dataclass(frozen=True)
class Untied:
    """Three tables, none shared."""

    def __call__(
        self, source: int, target: int, embedding: MakeEmbedding, readout_size: int
    ) -> Tables:
        """Create the tables for vocabularies of `source` and `target` pieces."""
        return embedding(source), *self.monolingual(target, embedding, readout_size)

    @staticmethod
    def monolingual(
        pieces: int, embedding: MakeEmbedding, readout_size: int
    ) -> tuple[Embedding, OutputLayer]:
        """Create the tables of one language."""
        return embedding(pieces), OutputLayer(_table(pieces, readout_size))


@dataclass(frozen=True)
class TiedTarget:
    """One table for the target's embedding and output.

    Source: Press and Wolf 2017, section 3.
    """

    def __call__(
        self, source: int, target: int, embedding: MakeEmbedding, readout_size: int
    ) -> Tables:
        """Create the tables for vocabularies of `source` and `target` pieces.

        Raises:
            ConfigurationError: if embedding and readout have different sizes.
        """
        shared, output = self.monolingual(target, embedding, readout_size)
        return embedding(source), shared, output

    @staticmethod
    def monolingual(
        pieces: int, embedding: MakeEmbedding, readout_size: int
    ) -> tuple[Embedding, OutputLayer]:
        """Create the shared table of one language."""
        shared = embedding(pieces)
        if shared.size != readout_size:
            raise ConfigurationError(
                f"a tied softmax needs model.readout_size={shared.size}, the embedding's size,"
                f" but it is {readout_size}; change one of them or use model/tying=none"
            )
        return shared, OutputLayer(shared.weight)


@dataclass(frozen=True)
class TiedAll(TiedTarget):
    """One table for source, target and output, over one joint vocabulary.

    Source: Press and Wolf 2017, section 3 ("three-way weight tying").
    """

    def __call__(
        self, source: int, target: int, embedding: MakeEmbedding, readout_size: int
    ) -> Tables:
        """Create the table for a joint vocabulary.

        Raises:
            ConfigurationError: if the vocabularies or the sizes differ.
        """
        if source != target:
            raise ConfigurationError(
                f"model/tying=all shares one table, but the vocabularies have {source} and"
                f" {target} pieces; use vocabulary=joint or model/tying=target"
            )
        shared, output = self.monolingual(target, embedding, readout_size)
        return shared, shared, output


def _table(pieces: int, size: int) -> nn.Parameter:
    # Uniform: on the meta device, where saved models are built, torch imports its compiler to
    # sample from a normal distribution, which takes seconds.
    bound = (3 / size) ** 0.5
    return nn.Parameter(torch.empty(pieces, size).uniform_(-bound, bound))
