"""German source lines typed on a keyboard without umlauts."""

from dataclasses import dataclass

import numpy as np

from nmt.data.transforms.transform import SourceTransform

TYPED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ẞ": "SS"}
)


@dataclass(frozen=True)
class TypedUmlauts(SourceTransform):
    """Umlauts and ß are written as two letters: Größe is Groesse."""

    def change(self, line: str, random: np.random.Generator) -> str:
        """Return the line with two letters for each umlaut and ß."""
        return line.translate(TYPED)
