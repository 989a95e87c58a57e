"""The best translation alone."""

from dataclasses import dataclass

from nmt.translation import Translation


@dataclass(frozen=True)
class Text:
    """One line of text for each line."""

    def __call__(self, number: int, translation: Translation) -> str:
        """Give the best candidate's text."""
        return translation.text + "\n"
