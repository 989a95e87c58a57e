"""No shortlist: every piece may be written."""

from collections.abc import Callable
from dataclasses import dataclass

from nmt.data.lexicon.lexicon import TranslationLexicon


@dataclass(frozen=True)
class NoShortlist:
    """Allows all pieces, without reading a lexicon."""

    def __call__(self, lexicon: Callable[[], TranslationLexicon]) -> None:
        """Return None: all pieces are allowed."""
        return None
