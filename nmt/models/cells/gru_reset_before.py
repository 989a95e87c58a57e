"""The gated recurrent unit as it was published: the reset gate before the product."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights, open_gate
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State


class GRUResetBefore(ProductCell):
    """A cell that forgets features of its hidden vector before its candidate hears them.

    With `u, r = σ(W x + U h(t-1) + b)`, `h~ = tanh(W x + U (r∘h(t-1)) + b)`:
    `h = (1-u)∘h(t-1) + u∘h~`. The state is `(h,)`.

    The candidate's product waits for `r`, so that a place needs two products in turn, and torch
    has no kernel for it: all places are a loop. `nmt.models.cells.gru` has the reset gate after the
    product, and calls `u` what is `1-u` here.

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

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute `W x + b` of u, r, h~, side by side."""
        return linear(inputs, self.weight_input, self.bias)

    def move(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        heard: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on; products hear `heard`, the blending takes `h(t-1)`."""
        (hidden,) = state
        update, reset, candidate = projected.chunk(3, dim=-1)
        recurrent = linear(heard, self.weight_gates, None)
        update_recurrent, reset_recurrent = recurrent.chunk(2, dim=-1)
        update = open_gate(update + update_recurrent)
        reset = open_gate(reset + reset_recurrent)
        new = (candidate + linear(reset * heard, self.weight_candidate, None)).tanh()
        hidden = hidden + update * (new - hidden)
        return hidden, (hidden,)
