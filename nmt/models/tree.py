"""Operations on nests (tuples, lists, dicts) of tensors whose first axis is rows.

The state of every cell, decoder, ensemble and language model is such a nest.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor

Nest = TypeVar("Nest")


def apply(function: Callable[..., Any], nest: Nest, *others: Any) -> Nest:
    """Return a nest of the same form, of `function` of the leaves that correspond in all nests."""
    result: Any
    if isinstance(nest, dict):
        result = {key: apply(function, *(one[key] for one in (nest, *others))) for key in nest}
    elif isinstance(nest, (tuple, list)):
        parts = [apply(function, *parts) for parts in zip(nest, *others, strict=True)]
        result = nest._make(parts) if hasattr(nest, "_make") else type(nest)(parts)
    else:
        result = function(nest, *others)
    return result


def leaves(nest: Any) -> list[Any]:
    """Return the leaves of a nest in order."""
    return list(_leaves(nest))


def _leaves(nest: Any) -> Iterator[Any]:
    if isinstance(nest, (dict, tuple, list)):
        for part in nest.values() if isinstance(nest, dict) else nest:
            yield from _leaves(part)
    else:
        yield nest


def structure(nest: Nest) -> Nest:
    """Return a nest of the same form whose leaves are None, for `unflatten`."""
    return apply(lambda _: None, nest)


def unflatten(tensors: Iterable[Tensor], form: Nest) -> Nest:
    """Return the nest of the form of `form` whose leaves are `tensors`, in order."""
    left = iter(tensors)
    return apply(lambda _: next(left), form)


def select(nest: Nest, rows: Tensor) -> Nest:
    """Take the rows at `rows` (`[kept]`, integers, may repeat) of each tensor."""
    return apply(lambda tensor: tensor.index_select(0, rows), nest)


def where(mask: Tensor, new: Nest, old: Nest) -> Nest:
    """Take `new` in the rows where `mask` (`[rows]`, Bool) is true, and `old` in the others."""

    def choose(ours: Tensor, theirs: Tensor) -> Tensor:
        return torch.where(mask.view(-1, *[1] * (ours.dim() - 1)), ours, theirs)

    return apply(choose, new, old)


def concatenate(first: Nest, second: Nest) -> Nest:
    """Concatenate the tensors of two nests along their features, the last axis."""
    return apply(lambda *pair: torch.cat(pair, dim=-1), first, second)
