"""The best translation alone."""

from dataclasses import dataclass
from typing import ClassVar

from nmt.inference.translation import Translation


@dataclass(frozen=True)
class TextOutput:
    """The best translation, as one line for each line."""

    writes_all: ClassVar[bool] = False

    def __call__(self, number: int, translation: Translation) -> str:
        """Return the best candidate's text, with a line feed."""
        return translation.text + "\n"
