"""Dropout on the hidden vector that a cell's products hear, around any cell that has products."""

from typing import cast

from jaxtyping import Bool, Float
from torch import Tensor

from nmt.models.cells.cell import Cell, Drawn, MakeCell
from nmt.models.cells.product import ProductCell
from nmt.models.memory import State
from nmt.models.variational_dropout import VariationalDropout
from nmt.runtime.errors import require


class StateDropout(Cell):
    """The inner cell, whose products hear `m∘h(t-1)`, with one mask `m` a row for all places.

    Only products hear it: where a GRU blends `h(t-1)` with the new vector, a mask at every place
    would shrink what it switches off to nothing and let grow what it scales up.

    At rest it is the inner cell, with its kernel if it has one. In training all places are a
    loop, as kernels take no mask; docs/architecture.md has the price.

    Source: Gal and Ghahramani 2016, section 4 (the masks of recurrent connections; one mask for
    all gates).

    Args:
        input_size: features of each input.
        hidden_size: features of each tensor of the state.
        cell: makes the inner cell.
        rate: share of features that is switched off.

    Raises:
        ConfigurationError: if the inner cell does not say what its products hear.
    """

    def __init__(self, input_size: int, hidden_size: int, cell: MakeCell, rate: float) -> None:
        super().__init__(input_size, hidden_size)
        inner = cell(input_size, hidden_size)
        require(
            callable(getattr(inner, "move", None)),
            "model.cell.cell",
            type(inner).__name__,
            "a cell that has `move`, to drop states of (a cell around others goes outside)",
        )
        self.cell = cast(ProductCell, inner)
        self.parts = self.cell.parts
        self.dropout = VariationalDropout(rate)

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute the inner cell's share of the inputs."""
        return self.cell.project(inputs)

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on, without dropout."""
        return self.cell.step(projected, state)

    def draw(self, inputs: Float[Tensor, "rows ..."]) -> Drawn:
        """Draw the mask of the hidden vector, `[rows, hidden]`; nothing at rest."""
        shape = (inputs.shape[0], self.hidden_size)
        mask = self.dropout.draw(inputs.new_empty(1).expand(shape))
        return () if mask is None else (mask,)

    def masked_step(
        self, projected: Float[Tensor, "rows projected"], state: State, drawn: Drawn
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on; products hear the hidden vector under the mask."""
        if not drawn:
            return self.step(projected, state)
        (mask,) = drawn
        return self.cell.move(projected, state, state[0] * mask)

    def unroll(
        self,
        inputs: Float[Tensor, "rows places input"],
        state: State,
        mask: Bool[Tensor, "rows places"] | None,
    ) -> tuple[Float[Tensor, "rows places hidden"], State]:
        """Run over all places: the loop where there is dropout, else as the inner cell does."""
        if self.training and self.dropout.rate > 0:
            return super().unroll(inputs, state, mask)
        return self.cell.unroll(inputs, state, mask)
