"""The long short-term memory cell with layer normalization inside."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State


class LayerNormLSTM(ProductCell):
    """An LSTM whose gates read the normalized products of input and hidden vector.

    With `LN(a) = g∘(a - mean(a)) / deviation(a)` over the features of `a`, each with a gain `g` of
    its own: `i, f, c~, o = LN(U h(t-1)) + LN(W x) + b`, all four normalized together;
    `c = σ(f)∘c(t-1) + σ(i)∘tanh(c~)`, `h = σ(o)∘tanh(LN(c) + b')`. The state is `(h, c)`. The
    paper has a bias in each of the first two LN besides `b`; as only their sum matters, `b` stands
    for the three.

    Torch has no kernel for it: all positions are a loop.

    Source: Ba, Kiros and Hinton 2016, section 3.1 and supplementary material, equations of the
    LSTM; the forget bias of 1 as in `nmt.models.cells.lstm`.

    Args:
        input_size: features of each input.
        hidden_size: features of `h` and of `c`.
        forget_bias: initial bias of the forget gate.
    """

    parts = 2

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float) -> None:
        super().__init__(input_size, hidden_size)
        self.weight_input = input_weights(4, hidden_size, input_size)
        self.weight_hidden = hidden_weights(4, hidden_size)
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        self.normalized_input = nn.LayerNorm(4 * hidden_size, bias=False)
        self.normalized_hidden = nn.LayerNorm(4 * hidden_size, bias=False)
        self.normalized_cell_state = nn.LayerNorm(hidden_size)
        with torch.no_grad():
            self.bias[hidden_size : 2 * hidden_size] = forget_bias

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute `LN(W x) + b` of i, f, c~, o, concatenated."""
        return self.normalized_input(linear(inputs, self.weight_input, None)) + self.bias

    def recurrence(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        hidden_input: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position; the product reads `hidden_input`."""
        _, cell_state = state
        recurrent = linear(hidden_input, self.weight_hidden, None)
        gates = projected + self.normalized_hidden(recurrent)
        input_gate, forget_gate, candidate, output_gate = gates.chunk(4, dim=-1)
        cell_state = forget_gate.sigmoid() * cell_state + input_gate.sigmoid() * candidate.tanh()
        hidden = output_gate.sigmoid() * self.normalized_cell_state(cell_state).tanh()
        return hidden, (hidden, cell_state)
