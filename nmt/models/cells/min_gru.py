"""The gated recurrent unit whose gate does not read the state, computed by a parallel scan."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.cell import Cell
from nmt.models.cells.gates import input_weights, wide_sigmoid
from nmt.models.linear.training import linear
from nmt.models.memory import State


class MinGRU(Cell):
    """A cell that blends its hidden vector with its input, by a gate of the input alone.

    With `z = σ(W x + b)`, `h~ = V x + b'`: `h = (1-z)∘h(t-1) + z∘h~`. The state is `(h,)`. What
    was read before does not decide what is kept; a layer above reads both.

    A position is `h = a∘h(t-1) + b`, and two of them in turn have the same form, so that a scan
    of log2(positions) passes over tensors that halve replaces the loop over positions. SRU (Lei
    et al. 2018), whose gates read the state feature by feature, is cheap as well but needs the
    loop.

    Source: Feng et al. 2024, section 3.1; the scan: Ladner and Fischer 1980.

    Args:
        input_size: features of each input.
        hidden_size: features of `h`.
    """

    parts = 1

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.weight_input = input_weights(2, hidden_size, input_size)
        self.bias = nn.Parameter(torch.zeros(2 * hidden_size))

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute `W x + b` of z, and h~, concatenated."""
        return linear(inputs, self.weight_input, self.bias)

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position."""
        (hidden,) = state
        gate, candidate = projected.chunk(2, dim=-1)
        gate = wide_sigmoid(gate)
        hidden = hidden + gate * (candidate - hidden)
        return hidden, (hidden,)

    def unroll(
        self,
        inputs: Float[Tensor, "rows positions input"],
        state: State,
        mask: Bool[Tensor, "rows positions"] | None,
    ) -> tuple[Float[Tensor, "rows positions hidden"], State]:
        """Scan all positions; the gate is 0 on padding."""
        gate, candidate = self.project(inputs).chunk(2, dim=-1)
        gate = wide_sigmoid(gate)
        if mask is not None:
            gate = gate * mask.unsqueeze(-1)
        outputs = _scan(1 - gate, gate * candidate, state[0])
        return outputs, (outputs[:, -1],)


def _scan(
    kept: Float[Tensor, "rows positions hidden"],
    added: Float[Tensor, "rows positions hidden"],
    start: Float[Tensor, "rows hidden"],
) -> Float[Tensor, "rows positions hidden"]:
    """Compute `h = kept∘h(t-1) + added` of all positions, from that of pairs of positions.

    It does not divide by `kept`, so that a gate that keeps nothing is no special case.
    """
    first = (kept[:, 0] * start + added[:, 0]).unsqueeze(1)
    pairs = kept.shape[1] // 2
    if pairs == 0:
        return first
    early, late = kept[:, 0 : 2 * pairs : 2], kept[:, 1::2]
    added_by_pair = late * added[:, 0 : 2 * pairs : 2] + added[:, 1::2]
    ends = _scan(early * late, added_by_pair, start)
    between = kept[:, 2::2].shape[1]
    inner = kept[:, 2::2] * ends[:, :between] + added[:, 2::2]
    begins = torch.cat([first, inner], dim=1)
    paired = torch.stack([begins[:, :pairs], ends], dim=2).flatten(1, 2)
    return torch.cat([paired, begins[:, pairs:]], dim=1)
