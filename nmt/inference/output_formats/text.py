"""Plain text: the best translation."""

from dataclasses import dataclass

from nmt.inference.translation import Translation


@dataclass(frozen=True)
class TextOutput:
    """One line of text for each line."""

    def __call__(self, number: int, translation: Translation) -> str:
        """Return the best candidate's text and a line feed."""
        return translation.text + "\n"
