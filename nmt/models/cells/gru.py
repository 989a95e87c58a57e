"""The gated recurrent unit of torch and cuDNN, and its fused kernel on padded batches."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights, open_gate
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State
from nmt.models.padding import last_valid


class GRU(ProductCell):
    """A cell that blends its old hidden vector with a new one, by a gate.

    With `r, u = σ(W x + U h(t-1) + b)`, `h~ = tanh(W x + b + r∘(U h(t-1) + b'))`:
    `h = (1-u)∘h~ + u∘h(t-1)`. The state is `(h,)`.

    The reset gate stands after the product, so that one product serves all gates;
    `nmt.models.cells.gru_reset_before` has it before, as published.

    Source: Cho et al. 2014, section 2.3, with the reset gate moved as cuDNN and torch have it.
    `u` says how much is kept, as there; it is 1 minus the gate of Chung et al. 2014, of
    Bahdanau, Cho and Bengio 2015, and of `GRUResetBefore`.

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
        self.bias_hidden = nn.Parameter(torch.zeros(hidden_size))

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute `W x + b` of r, u, h~, side by side."""
        return linear(inputs, self.weight_input, self.bias)

    def move(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        heard: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on; the product hears `heard`, the blending takes `h(t-1)`."""
        (hidden,) = state
        recurrent = linear(heard, self.weight_hidden, None)
        reset, update, candidate = projected.chunk(3, dim=-1)
        reset_recurrent, update_recurrent, candidate_recurrent = recurrent.chunk(3, dim=-1)
        reset = open_gate(reset + reset_recurrent)
        update = open_gate(update + update_recurrent)
        new = (candidate + reset * (candidate_recurrent + self.bias_hidden)).tanh()
        hidden = new + update * (hidden - new)
        return hidden, (hidden,)

    def unroll(
        self,
        inputs: Float[Tensor, "rows places input"],
        state: State,
        mask: Bool[Tensor, "rows places"] | None,
    ) -> tuple[Float[Tensor, "rows places hidden"], State]:
        """Run torch's kernel over padded places; the final state is gathered at each true end.

        Under autocast the kernel's gates are bfloat16, where the loop's are float32: there an
        update gate above 0.998 lets nothing new in.
        """
        biases = torch.cat([torch.zeros_like(self.bias[: 2 * self.hidden_size]), self.bias_hidden])
        outputs, hidden = torch.gru(
            inputs,
            state[0].unsqueeze(0).to(inputs.dtype),
            [self.weight_input, self.weight_hidden, self.bias, biases],
            True,
            1,
            0.0,
            self.training,
            False,
            True,
        )
        last = hidden.squeeze(0) if mask is None else last_valid(outputs, mask)
        return outputs, (last,)
