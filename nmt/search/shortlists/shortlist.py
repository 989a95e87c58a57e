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
        ids: pieces in any sentence's shortlist, ascending; END is the first.
        mask: true for those in the sentence's own, which does not depend on its batch.
    """

    ids: Int[np.ndarray, " columns"]
    mask: Bool[np.ndarray, "batch columns"]


Choose = Callable[[Int[np.ndarray, "batch source"]], ShortlistedPieces]
"""Returns the shortlists of sentences that are padded with PADDING."""


@runtime_checkable
class Shortlist(Protocol):
    """Restricts the pieces that translations may consist of."""

    def __call__(self, lexicon: Callable[[], TranslationLexicon]) -> Choose | None:
        """Return the function that makes the shortlists of a batch; None if all are allowed.

        Args:
            lexicon: reads the model's lexicon; called only if it is needed.
        """
        ...
