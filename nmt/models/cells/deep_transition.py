"""Several cells in turn within one position, for any other cell."""

from collections.abc import Sequence
from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.cells.cell import Cell, MakeCell, NoiseMasks
from nmt.models.memory import State
from nmt.runtime.errors import require


class DeepTransition(Cell):
    """A transition of `depth` cells in turn, of which the first reads the input.

    `s1 = cell1(x, s(t-1))`, `s2 = cell2(s1)`, …, `s(t) = cell_depth(s_(depth-1))`; the others
    have no input but their bias. Output and state are those of the last cell.

    All positions are a loop, as no kernel interleaves cells.

    Source: Pascanu et al. 2014, section 3.3 (deep transition); with gated cells Miceli Barone et
    al. 2017, section 2.2.

    Args:
        input_size: features of each input.
        hidden_size: features of each tensor of the state.
        cell: makes each of the cells.
        depth: number of cells, at least 1; with 1 it is the inner cell.

    Raises:
        ConfigurationError: if the depth is less than 1.
    """

    def __init__(self, input_size: int, hidden_size: int, cell: MakeCell, depth: int) -> None:
        super().__init__(input_size, hidden_size)
        require(depth >= 1, "depth", depth, "at least 1")
        sizes = [input_size, *[0] * (depth - 1)]
        cells = nn.ModuleList(cell(size, hidden_size) for size in sizes)
        self.cells = cast(Sequence[Cell], cells)
        self.parts = self.cells[0].parts

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute the share of the inputs in the first cell."""
        return self.cells[0].project(inputs)

    def sample_masks(self, inputs: Float[Tensor, "rows ..."]) -> NoiseMasks:
        """Sample the masks of each cell in turn; all have the same number."""
        return tuple(mask for cell in self.cells for mask in cell.sample_masks(inputs))

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position through all cells."""
        return self.masked_step(projected, state, ())

    def masked_step(
        self, projected: Float[Tensor, "rows projected"], state: State, masks: NoiseMasks
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position, each cell under its own masks."""
        first, *others = self.cells
        share = len(masks) // len(self.cells)
        output, state = first.masked_step(projected, state, masks[:share])
        for number, cell in enumerate(others, start=1):
            no_input = cell.project(output.new_empty(output.shape[0], 0))
            own = masks[number * share : (number + 1) * share]
            output, state = cell.masked_step(no_input, state, own)
        return output, state
