"""The gated recurrent unit as it was published, with the reset gate before the product."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights, wide_sigmoid
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State


class GRUResetBefore(ProductCell):
    """A GRU that resets features of its hidden vector before the candidate's product.

    With `u, r = σ(W x + U h(t-1) + b)`, `h~ = tanh(W x + U (r∘h(t-1)) + b)`:
    `h = (1-u)∘h(t-1) + u∘h~`. The state is `(h,)`.

    The candidate's product waits for `r`, so that a position needs two products in turn, and torch
    has no kernel for it: all positions are a loop. `nmt.models.cells.gru` applies the reset gate
    after the product, and its `u` is `1-u` here.

    Source: Cho et al. 2014, section 2.3, with `u` as in Chung et al. 2014, section 3.2, and
    Bahdanau, Cho and Bengio 2015, appendix A.1.1.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
    """

    parts = 1

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.weight_input = input_weights(3, hidden_size, input_size)
        self.weight_gates = hidden_weights(2, hidden_size)
        self.weight_candidate = hidden_weights(1, hidden_size)
        self.bias = nn.Parameter(torch.zeros(3 * hidden_size))

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute `W x + b` of u, r, h~, concatenated."""
        return linear(inputs, self.weight_input, self.bias)

    def recurrence(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        hidden_input: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position; products read `hidden_input`, the blending `h(t-1)`."""
        (hidden,) = state
        update, reset, candidate = projected.chunk(3, dim=-1)
        recurrent = linear(hidden_input, self.weight_gates, None)
        update_recurrent, reset_recurrent = recurrent.chunk(2, dim=-1)
        update = wide_sigmoid(update + update_recurrent)
        reset = wide_sigmoid(reset + reset_recurrent)
        new = (candidate + linear(reset * hidden_input, self.weight_candidate, None)).tanh()
        hidden = hidden + update * (new - hidden)
        return hidden, (hidden,)
