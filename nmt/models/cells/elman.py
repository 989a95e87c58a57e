"""The simple recurrent network, with a tanh or with the logistic function."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from nmt.models.cells.simple import SimpleCell
from nmt.models.memory import State


class Elman(SimpleCell):
    """A simple cell with a tanh: `h(t) = tanh(W h(t-1) + U x(t) + b)`. The state is `(h,)`.

    Each position multiplies gradients by `W` and by the slope of tanh, at most 1: over many
    positions they vanish or explode, which gated cells prevent.

    Source: Elman 1990, there with the logistic function; the tanh is what torch's kernel has.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
    """

    def activation(self, values: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows hidden"]:
        """Compute the tanh."""
        return values.tanh()

    def unroll(
        self,
        inputs: Float[Tensor, "rows positions input"],
        state: State,
        mask: Bool[Tensor, "rows positions"] | None,
    ) -> tuple[Float[Tensor, "rows positions hidden"], State]:
        """Run torch's kernel over all positions."""
        return self.fused(torch.rnn_tanh, inputs, state, mask)


class LogisticElman(SimpleCell):
    """The cell as published: `h(t) = σ(W h(t-1) + U x(t) + b)`. The state is `(h,)`.

    The slope of σ is at most 1/4, so that gradients vanish sooner than with a tanh. Torch has no
    kernel for it: all positions are a loop.

    Source: Elman 1990.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
    """

    def activation(self, values: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows hidden"]:
        """Compute the logistic function."""
        return values.sigmoid()
