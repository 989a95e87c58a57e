"""Recurrent cells in a graph: a loop over any number of positions, for any cell."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.cell import Cell
from nmt.models.memory import State
from nmt.models.torch_private import load_scan

scan = load_scan()


@contextmanager
def scanned(model: nn.Module) -> Iterator[None]:
    """Replace `unroll` of a model's cells by that of this module, which becomes a Scan of ONNX.

    A loop in Python would have as many steps in the graph as the example has positions, and
    fused kernels cannot be traced.
    """
    cells = [module for module in model.modules() if isinstance(module, Cell)]
    for cell in cells:
        cell.unroll = functools.partial(unroll, cell)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for cell in cells:
            del cell.unroll


def unroll(
    cell: Cell,
    inputs: Float[Tensor, "rows positions input"],
    state: State,
    mask: Bool[Tensor, "rows positions"] | None,
) -> tuple[Float[Tensor, "rows positions hidden"], State]:
    """Compute `Cell.unroll` in evaluation mode by the cell's `project` and `step`."""
    if mask is None:
        mask = inputs.new_ones(inputs.shape[:2], dtype=torch.bool)

    def step(before: list[Tensor], position: tuple[Tensor, Tensor]) -> Any:
        output, after = cell.step(position[0], tuple(before))
        real = position[1].unsqueeze(1)
        return [torch.where(real, *both) for both in zip(after, before, strict=True)], [output]

    positions = (cell.project(inputs).transpose(0, 1).contiguous(), mask.t().contiguous())
    # A scan takes no tensor twice, as the zeros of an LSTM's initial state are.
    initial = [part * 1.0 for part in state]
    final, outputs = scan(step, initial, positions)
    return outputs[0].transpose(0, 1), tuple(final)
