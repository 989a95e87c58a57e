"""The simple recurrent network, under a tanh or under the logistic function."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from nmt.models.cells.simple import SimpleCell
from nmt.models.memory import State


class Elman(SimpleCell):
    """The oldest answer: `h(t) = tanh(W h(t-1) + U x(t) + b)`. The state is `(h,)`.

    Each place multiplies gradients by `W` and by the slope of tanh, at most 1: over many places
    they vanish or explode, which gated cells mend.

    Source: Elman 1990, there with the logistic function; the tanh is what torch's kernel has.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
    """

    def squash(self, sums: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows hidden"]:
        """Give values between -1 and 1."""
        return sums.tanh()

    def unroll(
        self,
        inputs: Float[Tensor, "rows places input"],
        state: State,
        mask: Bool[Tensor, "rows places"] | None,
    ) -> tuple[Float[Tensor, "rows places hidden"], State]:
        """Run torch's kernel over all places."""
        return self.fused(torch.rnn_tanh, inputs, state, mask)


class LogisticElman(SimpleCell):
    """As published: `h(t) = σ(W h(t-1) + U x(t) + b)`. The state is `(h,)`.

    The slope of σ is at most 1/4, so that gradients vanish sooner than under a tanh. Torch has no
    kernel for it: all places are a loop.

    Source: Elman 1990.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
    """

    def squash(self, sums: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows hidden"]:
        """Give values between 0 and 1."""
        return sums.sigmoid()
