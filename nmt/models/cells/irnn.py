"""The simple recurrent network of rectified linear units that starts as an accumulator."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.simple import SimpleCell
from nmt.models.memory import State


class IRNN(SimpleCell):
    """A simple cell with `max(0, ·)`, whose `W` starts from a multiple of the identity.

    `h(t) = max(0, W h(t-1) + U x(t) + b)`. With the identity itself it starts by adding up its
    inputs, and gradients reach back unchanged; a smaller multiple starts with decay. Nothing bounds
    `h`. The state is `(h,)`.

    Source: Le, Jaitly and Hinton 2015, section 2; weights of the inputs as in section 4.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
        scale: the multiple of the identity.
        input_deviation: standard deviation of the normal distribution of the initial `U`.
    """

    def __init__(
        self, input_size: int, hidden_size: int, scale: float, input_deviation: float
    ) -> None:
        super().__init__(input_size, hidden_size)
        nn.init.normal_(self.weight_input, std=input_deviation)
        with torch.no_grad():
            self.weight_hidden.copy_(scale * torch.eye(hidden_size))

    def activation(self, values: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows hidden"]:
        """Compute the rectifier."""
        return values.relu()

    def unroll(
        self,
        inputs: Float[Tensor, "rows positions input"],
        state: State,
        mask: Bool[Tensor, "rows positions"] | None,
    ) -> tuple[Float[Tensor, "rows positions hidden"], State]:
        """Run torch's kernel over all positions."""
        return self.fused(torch.rnn_relu, inputs, state, mask)
