"""The shortlist of a sentence's probable translations."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from nmt.errors import require
from nmt.lexicon import MOST, Lexicon
from nmt.shortlists.shortlist import Choose, Listed
from nmt.vocabulary import END


@dataclass(frozen=True)
class Lexical:
    """Allows the most frequent target pieces, and the best translations of each source piece.

    Source: Jean, Cho, Memisevic and Bengio 2015, "On Using Very Large Target Vocabulary for
    Neural Machine Translation", section 3.3.

    Attributes:
        frequent: how many frequent pieces every sentence may use.
        translations: how many translations of each of its pieces.
    """

    frequent: int
    translations: int

    def __post_init__(self) -> None:
        """Refuse numbers that a lexicon does not have."""
        require(self.frequent >= 0, "shortlist.frequent", self.frequent, "0 or more")
        fits = 1 <= self.translations <= MOST
        require(fits, "shortlist.translations", self.translations, f"1 to {MOST}")

    def __call__(self, lexicon: Callable[[], Lexicon]) -> Choose:
        """Read the lexicon once."""
        found = lexicon()
        always = np.concatenate([[END], found.frequent[: self.frequent]])
        translations = found.translations[:, : self.translations]
        pieces = END + 1 + len(found.frequent)

        def choose(source: Int[np.ndarray, "batch source"]) -> Listed:
            mask = np.zeros((len(source), pieces), bool)
            np.put_along_axis(mask, translations[source].reshape(len(source), -1), True, axis=1)
            mask[:, always] = True
            ids = np.flatnonzero(mask.any(axis=0))
            return Listed(ids, mask[:, ids])

        return choose
