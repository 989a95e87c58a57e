"""Recurrent cells in a graph: a loop over places of any number, whatever the cell."""

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
    """Let the cells of a model run by `unroll` of this file, which becomes a Scan of ONNX.

    Python's loop over places would have as many steps in the graph as the example had places, and
    fused kernels are not in the graph at all.
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
    inputs: Float[Tensor, "rows places input"],
    state: State,
    mask: Bool[Tensor, "rows places"] | None,
) -> tuple[Float[Tensor, "rows places hidden"], State]:
    """Compute what `Cell.unroll` does at rest, by its `project` and `step`."""
    there = inputs.new_ones(inputs.shape[:2], dtype=torch.bool) if mask is None else mask

    def place(carried: list[Tensor], read: tuple[Tensor, Tensor]) -> Any:
        output, moved = cell.step(read[0], tuple(carried))
        here = read[1].unsqueeze(1)
        return [torch.where(here, *both) for both in zip(moved, carried, strict=True)], [output]

    places = (cell.project(inputs).transpose(0, 1).contiguous(), there.t().contiguous())
    # A scan refuses to carry one tensor twice, as the zeros of an LSTM's start are.
    carried = [part * 1.0 for part in state]
    final, outputs = scan(place, carried, places)
    return outputs[0].transpose(0, 1), tuple(final)
