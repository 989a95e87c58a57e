"""Lines that are translated by copying: numbers, names, addresses of the web."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmt.data.transforms.transform import TextPair, Transform

NAME = re.compile(r"\b[^\W\d_]*[A-ZÄÖÜ][^\W\d_]+\b")
DOMAINS = ("com", "org", "net", "de", "at", "ch", "eu", "info")


@dataclass(frozen=True)
class CopiedLines(Transform):
    """A pair becomes a line that is its own translation (Currey et al. 2017, "Copied Monolingual
    Data Improves Low-Resource Neural Machine Translation").

    It holds a name, which is a capitalized word that source and target have in common, or a random
    number, address of the web or of e-mail.
    """

    def __call__(
        self, pairs: Sequence[TextPair], row: int, random: np.random.Generator
    ) -> TextPair:
        """Return a line twice."""
        source, target = pairs[row]
        in_target = set(NAME.findall(target))
        names = [name for name in NAME.findall(source) if name in in_target]
        kind = int(random.integers(4))
        if kind == 0 and names:
            line = names[int(random.integers(len(names)))]
        elif kind <= 1:
            line = _number(random)
        else:
            line = _address(random, "@" if kind == 2 else "www.")
        return line, line


def _number(random: np.random.Generator) -> str:
    """Return a number of 1 to 9 digits, possibly with a sign of grouping, decimals or dates."""
    digits = "".join(str(digit) for digit in random.integers(10, size=int(random.integers(1, 10))))
    place = int(random.integers(len(digits)))
    mark = ("", "", ".", ",", ":", "-", "/")[int(random.integers(7))]
    return digits[:place] + mark + digits[place:] if place else digits


def _address(random: np.random.Generator, kind: str) -> str:
    """Return an address of e-mail for @, or one of the web."""
    host = f"{_letters(random)}.{DOMAINS[int(random.integers(len(DOMAINS)))]}"
    return f"{_letters(random)}@{host}" if kind == "@" else f"{kind}{host}"


def _letters(random: np.random.Generator) -> str:
    letters = random.integers(26, size=int(random.integers(3, 11)))
    return "".join(string.ascii_lowercase[letter] for letter in letters)
