"""The contract of a cell whose hidden vector enters matrix products."""

import abc

from jaxtyping import Float
from torch import Tensor

from nmt.models.cells.cell import Cell
from nmt.models.memory import State


class ProductCell(Cell):
    """A cell whose matrix products can read another vector than the hidden vector of the state.

    Instead of `step` a subclass defines `recurrence`. What is not a product (as where a GRU blends
    the old hidden vector with the new one) takes the hidden vector from the state.
    `nmt.models.cells.state_dropout` lets the products read it under a mask.
    """

    @abc.abstractmethod
    def recurrence(
        self,
        projected: Float[Tensor, "rows projected"],
        state: State,
        hidden_input: Float[Tensor, "rows hidden"],
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position; products read `hidden_input` in place of the hidden vector."""

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position; products read the hidden vector itself."""
        return self.recurrence(projected, state, state[0])
