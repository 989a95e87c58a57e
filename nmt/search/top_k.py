"""The best columns of each row, and the pieces that a search may write."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import END

BLOCK = 64
"""Columns of a block; the fastest of 16, 32, 64 and 128 on processors with AVX."""


def allowed(
    logits: Float[Tensor, "rows columns"], choices: Int[Tensor, " columns"] | None
) -> tuple[Float[Tensor, "rows choices"], Int[Tensor, " choices"]]:
    """Leave out PADDING, UNKNOWN and BEGIN; return the other columns, END first, and their ids.

    The columns are a view, as those three ids stand before END: nothing is copied.
    """
    if choices is None:
        return logits[:, END:], torch.arange(END, logits.shape[1], device=logits.device)
    first = int(torch.searchsorted(choices, END))
    return logits[:, first:], choices[first:]


def best(
    values: Float[Tensor, "rows choices"], count: int
) -> tuple[Float[Tensor, "rows best"], Int[Tensor, "rows best"]]:
    """Return each row's highest values, descending, and their columns; equal ones lowest first.

    There are `count` of them, or as many as there are columns. The order among values of minus
    infinity is not specified.
    """
    count = min(count, values.shape[1])
    if values.dtype == torch.float32 and values.shape[1] >= 4 * count * BLOCK:
        return by_blocks(values, count)
    top, columns = values.topk(min(count + 1, values.shape[1]), dim=1)
    tied = ((top[:, 1:] == top[:, :-1]) & (top[:, 1:] > -torch.inf)).any(dim=1)
    top, columns = top[:, :count], columns[:, :count]
    if bool(tied.any()):  # topk promises no order among equals; argmax returns the first of them
        rows = tied.nonzero().squeeze(1)
        first = one_by_one(values.index_select(0, rows), count)
        columns = columns.index_copy(0, rows, first)
    return top, columns


def by_blocks(
    values: Float[Tensor, "rows choices"], count: int
) -> tuple[Float[Tensor, "rows best"], Int[Tensor, "rows best"]]:
    """Do what `best` does by the maxima of blocks, several times as fast as `topk` over all.

    The best values are in the `count` blocks whose maxima are highest, of equal ones in the first,
    or behind the last whole block.
    """
    blocks = values.shape[1] // BLOCK
    whole = blocks * BLOCK
    maxima = values[:, :whole].view(-1, blocks, BLOCK).amax(dim=2)
    numbers = torch.arange(values.shape[1], device=values.device)
    firsts = ranks(maxima, numbers[:blocks]).topk(count, dim=1).indices * BLOCK
    within = (firsts.unsqueeze(2) + numbers[:BLOCK]).flatten(1)
    columns = torch.cat([within, numbers[whole:].expand(len(values), -1)], dim=1)
    candidates = values.gather(1, columns)
    chosen = ranks(candidates, columns).topk(count, dim=1).indices
    return candidates.gather(1, chosen), columns.gather(1, chosen)


def ranks(
    values: Float[Tensor, "rows some"], columns: Int[Tensor, "*rows some"]
) -> Int[Tensor, "rows some"]:
    """Return integers that are higher for a higher value, and of equal values for a lower column.

    The bits of a float32, read as an integer, grow with it, and fall with it below 0; the column
    is in the lower bits.
    """
    bits = (values + 0.0).view(torch.int32)  # + 0.0 makes 0 of -0
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return (ordered.long() << 32) - columns


def one_by_one(values: Float[Tensor, "rows choices"], count: int) -> Int[Tensor, "rows best"]:
    """Return the columns of the `count` highest values, one argmax after the other."""
    columns = []
    for _ in range(count):
        column = values.argmax(dim=1, keepdim=True)
        columns.append(column)
        values = values.scatter(1, column, -torch.inf)
    return torch.cat(columns, dim=1)
