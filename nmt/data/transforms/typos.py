"""Source lines with a typing error."""

from dataclasses import dataclass

import numpy as np

from nmt.data.transforms.transform import SourceTransform

ROWS = ("1234567890ß", "qwertzuiopü", "asdfghjklöä", "yxcvbnm")
"""The keys of a German keyboard, row by row."""


def _neighbors() -> dict[str, str]:
    """Return for each key those beside it, above it and below it."""
    at = {key: (row, place) for row, keys in enumerate(ROWS) for place, key in enumerate(keys)}
    return {
        key: "".join(
            other
            for other, (row, place) in at.items()
            if other != key and abs(row - own[0]) <= 1 and abs(place - own[1]) <= 1
        )
        for key, own in at.items()
    }


NEIGHBORS = _neighbors()


@dataclass(frozen=True)
class Typos(SourceTransform):
    """One letter is mistyped: its neighbor is hit, it is left out, doubled, or comes too late."""

    def change(self, line: str, random: np.random.Generator) -> str:
        """Return the line with an error within a word; a line without letters is unchanged."""
        places = [place for place, letter in enumerate(line) if letter.lower() in NEIGHBORS]
        if not places:
            return line
        place = places[int(random.integers(len(places)))]
        before, letter, after = line[:place], line[place], line[place + 1 :]
        keys = NEIGHBORS[letter.lower()]
        neighbor = keys[int(random.integers(len(keys)))]
        neighbor = neighbor.upper() if letter.isupper() else neighbor
        swapped = after[:1] + letter + after[1:] if after[:1].isalpha() else letter * 2 + after
        kinds = (neighbor + after, after, letter * 2 + after, swapped)
        return before + kinds[int(random.integers(len(kinds)))]
