"""The feed-forward language model: it knows the few pieces before, and those by their vectors."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.data.special_ids import PADDING
from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.variational_dropout import VariationalDropout
from nmt.runtime.errors import require


class FeedForwardLanguageModel(LanguageNetwork):
    """Predicts from the vectors of the `order - 1` pieces before, side by side.

    `y = softmax(W2 tanh(W1 x + b1) + b3)`; the readout is the hidden layer. What stands before
    BEGIN is PADDING, whose vector is zeros at the start.

    Source: Bengio, Ducharme, Vincent and Jauvin 2003, section 2, without direct connections.

    Args:
        embedding: of the pieces that are read.
        output: `W2` and `b3`.
        order: pieces that the model sees, the predicted one included; at least 2.
        hidden_size: features of the hidden layer.
        dropout: share of the hidden layer's features switched off for a line, at training.
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
        self.seen = order - 1
        self.hidden = nn.Linear(self.seen * embedding.size, hidden_size)
        nn.init.xavier_uniform_(self.hidden.weight)
        nn.init.zeros_(self.hidden.bias)
        self.dropout = VariationalDropout(dropout)

    def start(self, rows: int) -> Int[Tensor, "rows seen"]:
        """Give what was read last, one piece less than a prediction sees: PADDING."""
        shape = (rows, self.seen - 1)
        return torch.full(shape, PADDING, device=self.embedding.weight.device)

    def read(
        self, ids: Int[Tensor, "rows places"], state: Int[Tensor, "rows seen"]
    ) -> tuple[Float[Tensor, "rows places readout"], Int[Tensor, "rows seen"]]:
        """Look at all windows at once."""
        pieces = torch.cat([state, ids], dim=1)
        embedded = self.embedding(pieces)
        windows = [embedded[:, place : place + ids.shape[1]] for place in range(self.seen)]
        context = torch.cat(windows, dim=-1)
        readouts = self.joined(self.dropout(self.hear(context)), context)
        return readouts, pieces[:, ids.shape[1] :]

    def advance(
        self, ids: Int[Tensor, " rows"], state: Int[Tensor, "rows seen"]
    ) -> tuple[Float[Tensor, "rows readout"], Int[Tensor, "rows seen"]]:
        """Look at one window."""
        pieces = torch.cat([state, ids.unsqueeze(1)], dim=1)
        embedded = self.embedding.look_up(pieces).flatten(1)
        return self.joined(self.hear(embedded), embedded), pieces[:, 1:]

    def hear(self, context: Float[Tensor, "*places input"]) -> Float[Tensor, "*places hidden"]:
        """Give the hidden layer of windows: `tanh(W1 x + b1)`."""
        return self.hidden(context).tanh()

    def joined(
        self, hidden: Float[Tensor, "*places hidden"], context: Float[Tensor, "*places input"]
    ) -> Float[Tensor, "*places readout"]:
        """Give the readouts: the hidden layer."""
        return hidden


class DirectFeedForwardLanguageModel(FeedForwardLanguageModel):
    """As `FeedForwardLanguageModel`, and the vectors also reach the softmax past the hidden layer.

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
        self.direct = nn.Linear(self.seen * embedding.size, self.pieces, bias=False)
        nn.init.zeros_(self.direct.weight)

    def joined(
        self, hidden: Float[Tensor, "*places hidden"], context: Float[Tensor, "*places input"]
    ) -> Float[Tensor, "*places readout"]:
        """Give the hidden layer and the window."""
        return torch.cat([hidden, context], dim=-1)

    def logits(self, readouts: Float[Tensor, "*places readout"]) -> Float[Tensor, "*places pieces"]:
        """Give `W2 h + W3 x + b3`."""
        size = self.hidden.out_features
        hidden, context = readouts[..., :size], readouts[..., size:]
        return self.output(hidden) + self.direct(context)
