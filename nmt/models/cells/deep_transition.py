"""Several cells one after the other within one place, around any other cell."""

from collections.abc import Sequence
from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.cells.cell import Cell, Drawn, MakeCell
from nmt.models.memory import State
from nmt.runtime.errors import require


class DeepTransition(Cell):
    """A way from state to state that is `depth` cells long, of which the first reads the input.

    `s1 = cell1(x, s(t-1))`, `s2 = cell2(s1)`, …, `s(t) = cell_depth(s_(depth-1))`; the others
    have no input but their bias. The output is that of the last. The state is the inner cell's.

    All places are a loop, as no kernel interleaves cells.

    Source: Pascanu et al. 2014, section 3.3 (deep transition); with gated cells Miceli Barone et
    al. 2017, section 2.2.

    Args:
        input_size: features of each input.
        hidden_size: features of each tensor of the state.
        cell: makes each of the cells.
        depth: how many, at least 1; with 1 it is the inner cell.
    """

    def __init__(self, input_size: int, hidden_size: int, cell: MakeCell, depth: int) -> None:
        super().__init__(input_size, hidden_size)
        require(depth >= 1, "depth", depth, "at least 1")
        sizes = [input_size, *[0] * (depth - 1)]
        cells = nn.ModuleList(cell(size, hidden_size) for size in sizes)
        self.cells = cast(Sequence[Cell], cells)
        self.parts = self.cells[0].parts

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute the share of the inputs in the first cell."""
        return self.cells[0].project(inputs)

    def draw(self, inputs: Float[Tensor, "rows ..."]) -> Drawn:
        """Draw for each cell in turn; cells of one kind draw as many tensors each."""
        return tuple(drawn for cell in self.cells for drawn in cell.draw(inputs))

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on, through all cells."""
        return self.masked_step(projected, state, ())

    def masked_step(
        self, projected: Float[Tensor, "rows projected"], state: State, drawn: Drawn
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on, each cell under what was drawn for it."""
        first, *others = self.cells
        share = len(drawn) // len(self.cells)
        output, state = first.masked_step(projected, state, drawn[:share])
        for number, cell in enumerate(others, start=1):
            alone = cell.project(output.new_empty(output.shape[0], 0))
            own = drawn[number * share : (number + 1) * share]
            output, state = cell.masked_step(alone, state, own)
        return output, state
