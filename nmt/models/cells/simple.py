"""What simple recurrent cells share: products of input and hidden vector, and one function."""

import abc
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.gates import hidden_weights, input_weights
from nmt.models.cells.product import ProductCell
from nmt.models.linear.training import linear
from nmt.models.memory import State
from nmt.models.padding import last_valid


class SimpleCell(ProductCell):
    """A cell without gates: `h(t) = activation(W h(t-1) + U x(t) + b)`. The state is `(h,)`.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
    """

    parts = 1

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.weight_input = input_weights(1, hidden_size, input_size)
        self.weight_hidden = hidden_weights(1, hidden_size)
        self.bias = nn.Parameter(torch.zeros(hidden_size))

    @abc.abstractmethod
    def activation(self, values: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows hidden"]:
        """Compute the cell's function, feature by feature."""

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute `U x + b`."""
        return linear(inputs, self.weight_input, self.bias)

    def recurrence(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        hidden_input: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position; the product reads `hidden_input`."""
        hidden = self.activation(projected + linear(hidden_input, self.weight_hidden, None))
        return hidden, (hidden,)

    def fused(
        self,
        kernel: Callable[..., tuple[Tensor, Tensor]],
        inputs: Float[Tensor, "rows positions input"],
        state: State,
        mask: Bool[Tensor, "rows positions"] | None,
    ) -> tuple[Float[Tensor, "rows positions hidden"], State]:
        """Run torch's kernel over padded positions; return each row's last valid state."""
        outputs, hidden = kernel(
            inputs,
            state[0].unsqueeze(0).to(inputs.dtype),
            [self.weight_input, self.weight_hidden, self.bias, torch.zeros_like(self.bias)],
            True,
            1,
            0.0,
            self.training,
            False,
            True,
        )
        last = hidden.squeeze(0) if mask is None else last_valid(outputs, mask)
        return outputs, (last,)
