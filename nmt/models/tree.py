"""Operations on nests (tuples, lists, dicts) of tensors whose first axis is rows.

Every state of every cell, decoder, ensemble and language model is such a nest, so that moving
rows is written here once.
"""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

Nest = TypeVar("Nest")


def apply(function: Callable[[Tensor], Tensor], nest: Nest) -> Nest:
    """Give a nest of the same form whose tensors went through `function`."""
    return pytree.tree_map(function, nest)


def select(nest: Nest, rows: Tensor) -> Nest:
    """Give the nest with each tensor's rows taken at `rows` (`[kept]`, integers, may repeat)."""
    return apply(lambda tensor: tensor.index_select(0, rows), nest)


def where(mask: Tensor, new: Nest, old: Nest) -> Nest:
    """Give `new` in the rows where `mask` (`[rows]`, Bool) is true, and `old` in the others."""

    def choose(one: Tensor, other: Tensor) -> Tensor:
        return torch.where(mask.view(-1, *[1] * (one.dim() - 1)), one, other)

    return pytree.tree_map(choose, new, old)


def side_by_side(one: Nest, other: Nest) -> Nest:
    """Give the nest whose tensors hold the features of `one`, then those of `other`."""
    return pytree.tree_map(lambda *pair: torch.cat(pair, dim=-1), one, other)
