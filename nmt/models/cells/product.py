"""The contract of a cell whose hidden vector enters matrix products."""

import abc

from jaxtyping import Float
from torch import Tensor

from nmt.models.cells.cell import Cell
from nmt.models.memory import State


class ProductCell(Cell):
    """Says in `move` where products hear the hidden vector, so that they may hear another one.

    What is not a product (the blending of old and new hidden vector in a GRU) takes the hidden
    vector from the state. `nmt.models.cells.state_dropout` lets the products hear it under a mask.
    """

    @abc.abstractmethod
    def move(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        heard: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on; products hear `heard` in the hidden vector's place."""

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on; products hear the hidden vector itself."""
        return self.move(projected, state, state[0])
