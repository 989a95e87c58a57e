"""The long short-term memory cell, and its fused kernel on padded batches."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights, wide_sigmoid
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State
from nmt.models.padding import last_valid

SATURATING = 1e4
"""Weight of the padding column, large enough to saturate the input and the forget gate."""


class LSTM(ProductCell):
    """A cell whose cell state changes by gates only, so that gradients reach far back.

    With `i, f, o = σ(W x + U h(t-1) + b)`, `c~ = tanh(W x + U h(t-1) + b)`:
    `c = f∘c(t-1) + i∘c~`, `h = o∘tanh(c)`. The state is `(h, c)`.

    Source: Hochreiter and Schmidhuber 1997; the forget gate: Gers, Schmidhuber and Cummins 2000;
    its bias of 1: Jozefowicz, Zaremba and Sutskever 2015, section 4.

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
        with torch.no_grad():
            self.bias[hidden_size : 2 * hidden_size] = forget_bias

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute `W x + b` of i, f, c~, o, concatenated."""
        return linear(inputs, self.weight_input, self.bias)

    def recurrence(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        hidden_input: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position; the product reads `hidden_input`."""
        _, cell_state = state
        gates = projected + linear(hidden_input, self.weight_hidden, None)
        input_gate, forget_gate, candidate, output_gate = gates.chunk(4, dim=-1)
        kept = wide_sigmoid(forget_gate) * cell_state
        cell_state = kept + wide_sigmoid(input_gate) * candidate.tanh()
        hidden = wide_sigmoid(output_gate) * cell_state.tanh()
        return hidden, (hidden, cell_state)

    def unroll(
        self,
        inputs: Float[Tensor, "rows positions input"],
        state: State,
        mask: Bool[Tensor, "rows positions"] | None,
    ) -> tuple[Float[Tensor, "rows positions hidden"], State]:
        """Run the fused kernel over padded positions, which packed sequences would bypass.

        The kernel returns `c` of the last position only. To make this the `c` of each row's last
        valid position, one more input that is 1 on padding closes the input gate and opens the
        forget gate.
        """
        weight: Tensor = self.weight_input
        if mask is not None:
            padding = (~mask).unsqueeze(-1).to(inputs.dtype)
            inputs = torch.cat([inputs, padding], dim=-1)
            column = weight.new_zeros(4, self.hidden_size)
            column[0], column[1] = -SATURATING, SATURATING
            weight = torch.cat([weight, column.view(-1, 1)], dim=1)
        hidden, cell_state = (part.unsqueeze(0).to(inputs.dtype) for part in state)
        outputs, hidden, cell_state = torch.lstm(
            inputs,
            (hidden, cell_state),
            [weight, self.weight_hidden, self.bias, torch.zeros_like(self.bias)],
            True,
            1,
            0.0,
            self.training,
            False,
            True,
        )
        last = hidden.squeeze(0) if mask is None else last_valid(outputs, mask)
        return outputs, (last, cell_state.squeeze(0))
