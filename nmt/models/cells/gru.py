"""The gated recurrent unit of torch and cuDNN, and its fused kernel on padded batches."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights, wide_sigmoid
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State
from nmt.models.padding import last_valid


class GRU(ProductCell):
    """A cell that blends its old hidden vector with a new one, by a gate.

    With `r, u = σ(W x + U h(t-1) + b)`, `h~ = tanh(W x + b + r∘(U h(t-1) + b'))`:
    `h = (1-u)∘h~ + u∘h(t-1)`. The state is `(h,)`.

    The reset gate is applied after the product, so that one product serves all gates;
    `nmt.models.cells.gru_reset_before` applies it before, as published.

    Source: Cho et al. 2014, section 2.3, with the reset gate moved as in cuDNN and torch. As
    there, `u` is the share that is kept; it is 1 minus the gate of Chung et al. 2014, of
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

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute `W x + b` of r, u, h~, concatenated."""
        return linear(inputs, self.weight_input, self.bias)

    def recurrence(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        hidden_input: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position; the product reads `hidden_input`, the blending `h(t-1)`."""
        (hidden,) = state
        recurrent = linear(hidden_input, self.weight_hidden, None)
        reset, update, candidate = projected.chunk(3, dim=-1)
        reset_recurrent, update_recurrent, candidate_recurrent = recurrent.chunk(3, dim=-1)
        reset = wide_sigmoid(reset + reset_recurrent)
        update = wide_sigmoid(update + update_recurrent)
        new = (candidate + reset * (candidate_recurrent + self.bias_hidden)).tanh()
        hidden = new + update * (hidden - new)
        return hidden, (hidden,)

    def unroll(
        self,
        inputs: Float[Tensor, "rows positions input"],
        state: State,
        mask: Bool[Tensor, "rows positions"] | None,
    ) -> tuple[Float[Tensor, "rows positions hidden"], State]:
        """Run torch's kernel over padded positions; the final state is each row's last valid one.

        Under autocast the kernel's gates are bfloat16, where the loop's are float32: an update
        gate above 0.998 then keeps everything.
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
