"""The feed-forward language model, which reads the embeddings of a few pieces before."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.data.special_ids import PADDING
from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.variational_dropout import VariationalDropout
from nmt.runtime.errors import require


class FeedForwardLanguageModel(LanguageNetwork):
    """Predicts from x, the concatenated embeddings of the last `order - 1` pieces.

    `y = softmax(W2 tanh(W1 x + b1) + b3)`; the readout is the hidden layer. Before BEGIN there is
    PADDING, whose embedding starts as zeros.

    Source: Bengio, Ducharme, Vincent and Jauvin 2003, section 2, without direct connections.

    Args:
        embedding: of the pieces that are read.
        output: `W2` and `b3`.
        order: pieces of an n-gram, the predicted one included; at least 2.
        hidden_size: features of the hidden layer, which is also the readout.
        dropout: share of the hidden layer's features dropped for a whole line, in training.

    Raises:
        ConfigurationError: if a number is too small, or readout and hidden layer differ in size.
    """

    def __init__(
        self,
        embedding: Embedding,
        output: OutputLayer,
        order: int,
        hidden_size: int,
        dropout: float,
    ) -> None:
        super().__init__(embedding, output)
        require(order >= 2, "model.order", order, "a whole number, 2 or more")
        require(hidden_size >= 1, "model.hidden_size", hidden_size, "at least 1")
        size = output.readout_size
        fits = size == hidden_size
        require(fits, "model.readout_size", size, f"model.hidden_size, which is {hidden_size}")
        self.window = order - 1
        self.hidden = nn.Linear(self.window * embedding.size, hidden_size)
        nn.init.xavier_uniform_(self.hidden.weight)
        nn.init.zeros_(self.hidden.bias)
        self.dropout = VariationalDropout(dropout)

    def start(self, rows: int) -> Int[Tensor, "rows seen"]:
        """Return the pieces read last, PADDING, one fewer than a window has."""
        shape = (rows, self.window - 1)
        return torch.full(shape, PADDING, device=self.embedding.weight.device)

    def read(
        self, ids: Int[Tensor, "rows positions"], state: Int[Tensor, "rows seen"]
    ) -> tuple[Float[Tensor, "rows positions readout"], Int[Tensor, "rows seen"]]:
        """Compute all windows at once."""
        pieces = torch.cat([state, ids], dim=1)
        embedded = self.embedding(pieces)
        shifted = [embedded[:, first : first + ids.shape[1]] for first in range(self.window)]
        inputs = torch.cat(shifted, dim=-1)
        hidden = self.dropout(self.hidden_layer(inputs))
        return self.readouts(hidden, inputs), pieces[:, ids.shape[1] :]

    def advance(
        self, ids: Int[Tensor, " rows"], state: Int[Tensor, "rows seen"]
    ) -> tuple[Float[Tensor, "rows readout"], Int[Tensor, "rows seen"]]:
        """Compute one window."""
        pieces = torch.cat([state, ids.unsqueeze(1)], dim=1)
        inputs = self.embedding.look_up(pieces).flatten(1)
        return self.readouts(self.hidden_layer(inputs), inputs), pieces[:, 1:]

    def hidden_layer(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape hidden"]:
        """Compute `tanh(W1 x + b1)`."""
        return self.hidden(inputs).tanh()

    def readouts(
        self, hidden: Float[Tensor, "*shape hidden"], inputs: Float[Tensor, "*shape input"]
    ) -> Float[Tensor, "*shape readout"]:
        """Return the hidden layer."""
        return hidden


class DirectFeedForwardLanguageModel(FeedForwardLanguageModel):
    """A `FeedForwardLanguageModel` with direct connections from the embeddings to the softmax.

    `y = softmax(W2 tanh(W1 x + b1) + W3 x + b3)`; the readout is the hidden layer and `x`.

    Source: Bengio, Ducharme, Vincent and Jauvin 2003, section 2, equation 1.
    """

    def __init__(
        self,
        embedding: Embedding,
        output: OutputLayer,
        order: int,
        hidden_size: int,
        dropout: float,
    ) -> None:
        super().__init__(embedding, output, order, hidden_size, dropout)
        self.direct = nn.Linear(self.window * embedding.size, self.pieces, bias=False)
        nn.init.zeros_(self.direct.weight)

    def readouts(
        self, hidden: Float[Tensor, "*shape hidden"], inputs: Float[Tensor, "*shape input"]
    ) -> Float[Tensor, "*shape readout"]:
        """Concatenate the hidden layer and x."""
        return torch.cat([hidden, inputs], dim=-1)

    def logits(self, readouts: Float[Tensor, "*shape readout"]) -> Float[Tensor, "*shape pieces"]:
        """Compute `W2 h + W3 x + b3`."""
        size = self.hidden.out_features
        hidden, inputs = readouts[..., :size], readouts[..., size:]
        return self.output(hidden) + self.direct(inputs)
