"""The long short-term memory cell with layer normalisation inside."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State


class LayerNormLSTM(ProductCell):
    """An LSTM whose gates hear input and hidden vector normalised, each on its own.

    With `LN(a) = g∘(a - mean(a)) / deviation(a)` over the features of `a`, and a gain `g` of its
    own at each place where it stands: `i, f, c~, o = LN(U h(t-1)) + LN(W x) + b`, normalised over
    all four side by side; `c = σ(f)∘c(t-1) + σ(i)∘tanh(c~)`, `h = σ(o)∘tanh(LN(c) + b')`.
    The state is `(h, c)`. The paper prints a bias in each of the first two LN besides `b`; as
    only their sum is heard, `b` stands for the three.

    Torch has no kernel for it: all places are a loop.

    Source: Ba, Kiros and Hinton 2016, section 3.1 and the supplementary's LSTM equations; the
    forget gate's bias of 1 as in `nmt.models.cells.lstm`.

    Args:
        input_size: features of each input.
        hidden_size: features of `h` and of `c`.
        forget_bias: what the forget gate's bias starts from.
    """

    parts = 2

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float) -> None:
        super().__init__(input_size, hidden_size)
        self.weight_input = input_weights(4, hidden_size, input_size)
        self.weight_hidden = hidden_weights(4, hidden_size)
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        self.normalized_input = nn.LayerNorm(4 * hidden_size, bias=False)
        self.normalized_hidden = nn.LayerNorm(4 * hidden_size, bias=False)
        self.normalized_content = nn.LayerNorm(hidden_size)
        with torch.no_grad():
            self.bias[hidden_size : 2 * hidden_size] = forget_bias

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute `LN(W x) + b` of i, f, c~, o, side by side."""
        return self.normalized_input(linear(inputs, self.weight_input, None)) + self.bias

    def move(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        heard: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on; the product hears `heard`."""
        _, content = state
        recurrent = linear(heard, self.weight_hidden, None)
        gates = projected + self.normalized_hidden(recurrent)
        enter, forget, candidate, leave = gates.chunk(4, dim=-1)
        content = forget.sigmoid() * content + enter.sigmoid() * candidate.tanh()
        hidden = leave.sigmoid() * self.normalized_content(content).tanh()
        return hidden, (hidden, content)
