"""The long short-term memory cell, and its fused kernel on padded batches."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights, open_gate
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State
from nmt.models.padding import last_valid

STANDSTILL = 1e4
"""Weight of the padding column: far enough to close the input gate and hold the forget gate."""


class LSTM(ProductCell):
    """A cell whose content is changed by gates only, so that gradients reach far back.

    With `i, f, o = σ(W x + U h(t-1) + b)`, `c~ = tanh(W x + U h(t-1) + b)`:
    `c = f∘c(t-1) + i∘c~`, `h = o∘tanh(c)`. The state is `(h, c)`.

    Source: Hochreiter and Schmidhuber 1997; the forget gate: Gers, Schmidhuber and Cummins 2000;
    its bias of 1: Jozefowicz, Zaremba and Sutskever 2015, section 4.

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
        with torch.no_grad():
            self.bias[hidden_size : 2 * hidden_size] = forget_bias

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute `W x + b` of the gates i, f, c~, o, side by side."""
        return linear(inputs, self.weight_input, self.bias)

    def move(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        heard: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on; the product hears `heard`."""
        _, content = state
        gates = projected + linear(heard, self.weight_hidden, None)
        enter, forget, candidate, leave = gates.chunk(4, dim=-1)
        content = open_gate(forget) * content + open_gate(enter) * candidate.tanh()
        hidden = open_gate(leave) * content.tanh()
        return hidden, (hidden, content)

    def unroll(
        self,
        inputs: Float[Tensor, "rows places input"],
        state: State,
        mask: Bool[Tensor, "rows places"] | None,
    ) -> tuple[Float[Tensor, "rows places hidden"], State]:
        """Run the fused kernel over padded places, which packed sequences would bypass.

        The kernel gives `c` of the last place only. So that this is the `c` of each row's true
        end, a further input that is 1 on padding closes the input gate and opens the forget gate.
        """
        weight: Tensor = self.weight_input
        if mask is not None:
            padding = (~mask).unsqueeze(-1).to(inputs.dtype)
            inputs = torch.cat([inputs, padding], dim=-1)
            column = weight.new_zeros(4, self.hidden_size)
            column[0], column[1] = -STANDSTILL, STANDSTILL
            weight = torch.cat([weight, column.view(-1, 1)], dim=1)
        hidden, content = (part.unsqueeze(0).to(inputs.dtype) for part in state)
        outputs, hidden, content = torch.lstm(
            inputs,
            (hidden, content),
            [weight, self.weight_hidden, self.bias, torch.zeros_like(self.bias)],
            True,
            1,
            0.0,
            self.training,
            False,
            True,
        )
        last = hidden.squeeze(0) if mask is None else last_valid(outputs, mask)
        return outputs, (last, content.squeeze(0))
