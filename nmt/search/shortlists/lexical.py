"""The shortlist of frequent pieces and of each source piece's probable translations."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from nmt.data.lexicon.lexicon import MAX_TRANSLATIONS, TranslationLexicon
from nmt.data.special_ids import END
from nmt.runtime.errors import require
from nmt.search.shortlists.shortlist import Choose, ShortlistedPieces


@dataclass(frozen=True)
class LexicalShortlist:
    """Allows the most frequent target pieces, and the best translations of each source piece.

    Source: Jean, Cho, Memisevic and Bengio 2015, "On Using Very Large Target Vocabulary for
    Neural Machine Translation", section 3.3.

    Attributes:
        frequent: frequent pieces that every sentence may use.
        translations: translations of each of its pieces.
    """

    frequent: int
    translations: int

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ConfigurationError: if one is more than a lexicon holds, or too small.
        """
        require(self.frequent >= 0, "shortlist.frequent", self.frequent, "0 or more")
        fits = 1 <= self.translations <= MAX_TRANSLATIONS
        require(fits, "shortlist.translations", self.translations, f"1 to {MAX_TRANSLATIONS}")

    def __call__(self, lexicon: Callable[[], TranslationLexicon]) -> Choose:
        """Read the lexicon; return the function that looks sentences up in it."""
        entries = lexicon()
        always = np.concatenate([[END], entries.frequent[: self.frequent]])
        translations = entries.translations[:, : self.translations]
        pieces = END + 1 + len(entries.frequent)

        def choose(source: Int[np.ndarray, "batch source"]) -> ShortlistedPieces:
            mask = np.zeros((len(source), pieces), bool)
            np.put_along_axis(mask, translations[source].reshape(len(source), -1), True, axis=1)
            mask[:, always] = True
            ids = np.flatnonzero(mask.any(axis=0))
            return ShortlistedPieces(ids, mask[:, ids])

        return choose
