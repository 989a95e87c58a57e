"""Parallel text: line n of one file beside line n of another."""

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any, TypeVar

from nmt.runtime.errors import CorpusError

First = TypeVar("First")
Second = TypeVar("Second")


def parallel(
    names: tuple[str, str],
    first: Iterable[First],
    second: Iterable[Second],
    count: Callable[[Any], int] = lambda item: 1,
) -> Iterator[tuple[First, Second]]:
    """Yield the items of two files together: lines, or blocks of as many lines.

    Args:
        names: of the files, for the message.
        first: items of one file, none of which is None.
        second: items of the other.
        count: returns the number of lines of an item.

    Raises:
        CorpusError: after the last pair, if the numbers of lines differ.
    """
    totals = [0, 0]
    for left, right in zip_longest(first, second):
        totals[0] += 0 if left is None else count(left)
        totals[1] += 0 if right is None else count(right)
        if left is not None and right is not None:
            yield left, right
    if totals[0] != totals[1]:
        raise CorpusError(
            f"{names[0]} has {totals[0]} lines but {names[1]} has {totals[1]}; "
            "line n of one must translate line n of the other"
        )
