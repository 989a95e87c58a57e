"""Which pieces may come next, and which of them are best: what all searches share."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.vocabulary import END


def allowed(
    logits: Float[Tensor, "rows columns"], choices: Int[Tensor, " columns"] | None
) -> tuple[Float[Tensor, "rows choices"], Int[Tensor, " choices"]]:
    """Leave out PADDING, UNKNOWN and BEGIN; give the other columns, END first, and their ids.

    The columns are a view: nothing is copied. It holds because those three ids stand before END.
    """
    if choices is None:
        return logits[:, END:], torch.arange(END, logits.shape[1], device=logits.device)
    first = int(torch.searchsorted(choices, END))
    return logits[:, first:], choices[first:]


def best(
    values: Float[Tensor, "rows choices"], count: int
) -> tuple[Float[Tensor, "rows best"], Int[Tensor, "rows best"]]:
    """Give each row's highest values, descending, and their columns; equal ones lowest first.

    There are `count` of them, or as many as there are columns. The order among values of minus
    infinity is not specified.
    """
    count = min(count, values.shape[1])
    top, columns = values.topk(min(count + 1, values.shape[1]), dim=1)
    tied = ((top[:, 1:] == top[:, :-1]) & (top[:, 1:] > -torch.inf)).any(dim=1)
    top, columns = top[:, :count], columns[:, :count]
    if bool(tied.any()):  # topk promises no order among equals; argmax gives the first of them
        rows = tied.nonzero().squeeze(1)
        found = one_by_one(values.index_select(0, rows), count)
        columns = columns.index_copy(0, rows, found)
    return top, columns


def one_by_one(values: Float[Tensor, "rows choices"], count: int) -> Int[Tensor, "rows best"]:
    """Give the columns of the `count` highest values, by looking for the highest so often."""
    columns = []
    for _ in range(count):
        column = values.argmax(dim=1, keepdim=True)
        columns.append(column)
        values = values.scatter(1, column, -torch.inf)
    return torch.cat(columns, dim=1)
