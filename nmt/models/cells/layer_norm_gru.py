"""The gated recurrent unit with layer normalisation inside."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State


class LayerNormGRU(ProductCell):
    """A GRU whose gates and candidate hear input and hidden vector normalised, each on its own.

    With `LN` as in `nmt.models.cells.layer_norm_lstm`: `u, r = LN(U h(t-1)) + LN(W x) + b`,
    normalised
    over both side by side; `h~ = tanh(LN(W x) + b + σ(r)∘(LN(U h(t-1)) + b'))`;
    `h = (1-σ(u))∘h(t-1) + σ(u)∘h~`. The state is `(h,)`. The reset gate stands after the product,
    also in print. Where the paper prints two biases of which only the sum is heard, `b` stands
    for both.

    Torch has no kernel for it: all places are a loop.

    Source: Ba, Kiros and Hinton 2016, supplementary, the GRU's equations.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
    """

    parts = 1

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.weight_input = input_weights(3, hidden_size, input_size)
        self.weight_hidden = hidden_weights(3, hidden_size)
        self.bias = nn.Parameter(torch.zeros(3 * hidden_size))
        self.normalized_input = nn.LayerNorm(2 * hidden_size, bias=False)
        self.normalized_hidden = nn.LayerNorm(2 * hidden_size, bias=False)
        self.candidate_input = nn.LayerNorm(hidden_size, bias=False)
        self.candidate_hidden = nn.LayerNorm(hidden_size)

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute `LN(W x) + b` of u, r, h~, side by side."""
        gates, candidate = self._parted(linear(inputs, self.weight_input, None))
        told = [self.normalized_input(gates), self.candidate_input(candidate)]
        return torch.cat(told, dim=-1) + self.bias

    def move(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        heard: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on; the products hear `heard`, the blending takes `h(t-1)`."""
        (hidden,) = state
        gates, candidate = self._parted(projected)
        recurrent = self._parted(linear(heard, self.weight_hidden, None))
        gates = (gates + self.normalized_hidden(recurrent[0])).sigmoid()
        update, reset = gates.chunk(2, dim=-1)
        new = (candidate + reset * self.candidate_hidden(recurrent[1])).tanh()
        hidden = (1 - update) * hidden + update * new
        return hidden, (hidden,)

    def _parted(self, values: Float[Tensor, "*places projected"]) -> tuple[Tensor, Tensor]:
        """Part the two gates from the candidate."""
        both = 2 * self.hidden_size
        return values[..., :both], values[..., both:]
