"""Dropout on the hidden vector that a cell's products read, for any cell with products."""

from typing import cast

from jaxtyping import Bool, Float
from torch import Tensor

from nmt.models.cells.cell import Cell, MakeCell, NoiseMasks
from nmt.models.cells.product import ProductCell
from nmt.models.memory import State
from nmt.models.variational_dropout import VariationalDropout
from nmt.runtime.errors import require


class StateDropout(Cell):
    """An inner cell whose products read `m∘h(t-1)`, with one mask `m` per row for all positions.

    Only products read it: where a GRU blends `h(t-1)` with the new vector, a mask at every
    position would shrink dropped features to nothing and let the scaled ones grow.

    In evaluation mode it is the inner cell, with its kernel if it has one. In training all
    positions are a loop, as kernels take no mask; docs/internals.md has the cost.

    Source: Gal and Ghahramani 2016, section 4 (the masks of recurrent connections; one mask for
    all gates).

    Args:
        input_size: features of each input.
        hidden_size: features of each tensor of the state.
        cell: makes the inner cell.
        rate: share of features that is dropped.

    Raises:
        ConfigurationError: if the inner cell has no `recurrence`, or the rate is no share below 1.
    """

    def __init__(self, input_size: int, hidden_size: int, cell: MakeCell, rate: float) -> None:
        super().__init__(input_size, hidden_size)
        inner = cell(input_size, hidden_size)
        require(
            callable(getattr(inner, "recurrence", None)),
            "model.cell.cell",
            type(inner).__name__,
            "a cell that has `recurrence` (a cell around other cells goes outside)",
        )
        self.cell = cast(ProductCell, inner)
        self.parts = self.cell.parts
        self.dropout = VariationalDropout(rate)

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute the inner cell's share of the inputs."""
        return self.cell.project(inputs)

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position without dropout."""
        return self.cell.step(projected, state)

    def sample_masks(self, inputs: Float[Tensor, "rows ..."]) -> NoiseMasks:
        """Sample the mask of the hidden vector, `[rows, hidden]`; none in evaluation mode."""
        shape = (inputs.shape[0], self.hidden_size)
        mask = self.dropout.sample_mask(inputs.new_empty(1).expand(shape))
        return () if mask is None else (mask,)

    def masked_step(
        self, projected: Float[Tensor, "rows projected"], state: State, masks: NoiseMasks
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position; products read the hidden vector under the mask."""
        if not masks:
            return self.step(projected, state)
        (mask,) = masks
        return self.cell.recurrence(projected, state, state[0] * mask)

    def unroll(
        self,
        inputs: Float[Tensor, "rows positions input"],
        state: State,
        mask: Bool[Tensor, "rows positions"] | None,
    ) -> tuple[Float[Tensor, "rows positions hidden"], State]:
        """Run over all positions: by the loop if there is dropout, else as the inner cell does."""
        if self.training and self.dropout.rate > 0:
            return super().unroll(inputs, state, mask)
        return self.cell.unroll(inputs, state, mask)
