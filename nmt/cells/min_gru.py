"""The gated recurrent unit whose gate hears no state, so that places need not wait in turn."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.cells.cell import Cell
from nmt.cells.gates import input_weights
from nmt.memory import State


class MinGRU(Cell):
    """A cell that blends its hidden vector with its input, by a gate that sees the input alone.

    With `z = σ(W x + b)`, `h~ = V x + b'`: `h = (1-z)∘h(t-1) + z∘h~`. The state is `(h,)`. What
    was read before does not decide what is kept; a layer above it sees both.

    A place is `h = a∘h(t-1) + b`, and two such in turn are one more, so that all places are a
    loop over doublings: log2(places) passes of whole tensors instead of a loop over places.
    SRU (Lei et al. 2018) lets its gates hear the state feature by feature, without products;
    that is cheap as well, but has to go place after place.

    Source: Feng et al. 2024, section 3.1; the scan: Hillis and Steele 1986.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
    """

    parts = 1

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.weight_input = input_weights(2, hidden_size, input_size)
        self.bias = nn.Parameter(torch.zeros(2 * hidden_size))

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute `W x + b` of z, and h~, side by side."""
        return nn.functional.linear(inputs, self.weight_input, self.bias)

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on."""
        (hidden,) = state
        gate, candidate = projected.chunk(2, dim=-1)
        gate = gate.sigmoid()
        hidden = (1 - gate) * hidden + gate * candidate
        return hidden, (hidden,)

    def unroll(
        self,
        inputs: Float[Tensor, "rows places input"],
        state: State,
        mask: Bool[Tensor, "rows places"] | None,
    ) -> tuple[Float[Tensor, "rows places hidden"], State]:
        """Run over all places by doublings; padding keeps all and adds nothing."""
        gate, candidate = self.project(inputs).chunk(2, dim=-1)
        gate = gate.sigmoid()
        if mask is not None:
            gate = gate * mask.unsqueeze(-1)
        kept, added = _scan(1 - gate, gate * candidate)
        outputs = kept * state[0].unsqueeze(1) + added
        return outputs, (outputs[:, -1],)


def _scan(
    kept: Float[Tensor, "rows places hidden"], added: Float[Tensor, "rows places hidden"]
) -> tuple[Float[Tensor, "rows places hidden"], Float[Tensor, "rows places hidden"]]:
    """Give for each place what all places up to it do together to the state before the first.

    There is no division, so that a gate that keeps nothing is no different from any other.
    """
    distance = 1
    while distance < kept.shape[1]:
        late, early = kept[:, distance:], kept[:, :-distance]
        sums = added[:, distance:] + late * added[:, :-distance]
        added = torch.cat([added[:, :distance], sums], dim=1)
        kept = torch.cat([kept[:, :distance], late * early], dim=1)
        distance *= 2
    return kept, added
