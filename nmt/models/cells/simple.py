"""What the simple recurrent cells share: one product of input and hidden vector, one function."""

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
    """A cell without gates: `h(t) = squash(W h(t-1) + U x(t) + b)`. The state is `(h,)`.

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
    def squash(self, sums: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows hidden"]:
        """Apply the cell's function, feature by feature."""

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute `U x + b`."""
        return linear(inputs, self.weight_input, self.bias)

    def move(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        heard: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on; the product hears `heard`."""
        hidden = self.squash(projected + linear(heard, self.weight_hidden, None))
        return hidden, (hidden,)

    def fused(
        self,
        kernel: Callable[..., tuple[Tensor, Tensor]],
        inputs: Float[Tensor, "rows places input"],
        state: State,
        mask: Bool[Tensor, "rows places"] | None,
    ) -> tuple[Float[Tensor, "rows places hidden"], State]:
        """Run a kernel of torch over padded places; the final state is at each true end."""
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
