"""The simple recurrent network of rectified linear units that starts as an accumulator."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.simple import SimpleCell
from nmt.models.memory import State


class IRNN(SimpleCell):
    """`h(t) = max(0, W h(t-1) + U x(t) + b)`, with `W` started from a multiple of the identity.

    With the identity itself it starts by adding up its inputs, and gradients reach back
    unchanged; with less it starts by forgetting. Nothing bounds `h`. The state is `(h,)`.

    Source: Le, Jaitly and Hinton 2015, section 2; inputs' weights as in section 4.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
        scale: the multiple of the identity.
        input_deviation: standard deviation of the normal distribution that `U` is drawn from.
    """

    def __init__(
        self, input_size: int, hidden_size: int, scale: float, input_deviation: float
    ) -> None:
        super().__init__(input_size, hidden_size)
        nn.init.normal_(self.weight_input, std=input_deviation)
        with torch.no_grad():
            self.weight_hidden.copy_(scale * torch.eye(hidden_size))

    def squash(self, sums: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows hidden"]:
        """Give what is positive, and 0 for the rest."""
        return sums.relu()

    def unroll(
        self,
        inputs: Float[Tensor, "rows places input"],
        state: State,
        mask: Bool[Tensor, "rows places"] | None,
    ) -> tuple[Float[Tensor, "rows places hidden"], State]:
        """Run torch's kernel over all places."""
        return self.fused(torch.rnn_relu, inputs, state, mask)
