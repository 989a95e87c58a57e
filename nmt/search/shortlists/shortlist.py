"""The contract of a shortlist, in numpy alone, so that any engine can use it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int

from nmt.data.lexicon.lexicon import TranslationLexicon


@dataclass(frozen=True)
class ShortlistedPieces:
    """The target pieces of a batch of sentences.

    Attributes:
        ids: that stand in some sentence's list, ascending; END is the first.
        mask: which of them stand in each sentence's own, which batch mates do not change.
    """

    ids: Int[np.ndarray, " columns"]
    mask: Bool[np.ndarray, "batch columns"]


Choose = Callable[[Int[np.ndarray, "batch source"]], ShortlistedPieces]
"""Gives the lists of sentences that are padded with PADDING."""


@runtime_checkable
class Shortlist(Protocol):
    """Says of which pieces translations may be made."""

    def __call__(self, lexicon: Callable[[], TranslationLexicon]) -> Choose | None:
        """Give what makes lists by a model's lexicon; None where all pieces are allowed.

        Args:
            lexicon: reads it; asked only where it is needed.
        """
        ...
