"""The gated recurrent unit with layer normalization inside."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State


class LayerNormGRU(ProductCell):
    """A GRU whose gates and candidate read the normalized products of input and hidden vector.

    With `LN` as in `nmt.models.cells.layer_norm_lstm`: `u, r = LN(U h(t-1)) + LN(W x) + b`, both
    normalized together; `h~ = tanh(LN(W x) + b + σ(r)∘(LN(U h(t-1)) + b'))`;
    `h = (1-σ(u))∘h(t-1) + σ(u)∘h~`. The state is `(h,)`. The reset gate is applied after the
    product, also in the paper. Where the paper has two biases of which only the sum matters, `b`
    stands for both.

    Torch has no kernel for it: all positions are a loop.

    Source: Ba, Kiros and Hinton 2016, supplementary material, equations of the GRU.

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

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute `LN(W x) + b` of u, r, h~, concatenated."""
        gates, candidate = self._split(linear(inputs, self.weight_input, None))
        normalized = [self.normalized_input(gates), self.candidate_input(candidate)]
        return torch.cat(normalized, dim=-1) + self.bias

    def recurrence(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        hidden_input: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position; the product reads `hidden_input`, the blending `h(t-1)`."""
        (hidden,) = state
        gates, candidate = self._split(projected)
        gates_recurrent, candidate_recurrent = self._split(
            linear(hidden_input, self.weight_hidden, None)
        )
        gates = (gates + self.normalized_hidden(gates_recurrent)).sigmoid()
        update, reset = gates.chunk(2, dim=-1)
        new = (candidate + reset * self.candidate_hidden(candidate_recurrent)).tanh()
        hidden = (1 - update) * hidden + update * new
        return hidden, (hidden,)

    def _split(self, values: Float[Tensor, "*shape projected"]) -> tuple[Tensor, Tensor]:
        """Split the two gates from the candidate."""
        gates = 2 * self.hidden_size
        return values[..., :gates], values[..., gates:]
