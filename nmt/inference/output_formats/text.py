"""The best translation alone."""

from dataclasses import dataclass

from nmt.inference.translation import Translation


@dataclass(frozen=True)
class TextOutput:
    """One line of text for each line."""

    def __call__(self, number: int, translation: Translation) -> str:
        """Give the best candidate's text."""
        return translation.text + "\n"
