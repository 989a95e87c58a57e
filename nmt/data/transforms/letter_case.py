"""Source lines in another letter case."""

import re
from dataclasses import dataclass

import numpy as np

from nmt.data.transforms.transform import SourceTransform

WORD_START = re.compile(r"(?<![\w'’])\w")


@dataclass(frozen=True)
class LowerCase(SourceTransform):
    """All letters are small, as in messages and search queries."""

    def change(self, line: str, random: np.random.Generator) -> str:
        """Return the line in small letters."""
        return line.lower()


@dataclass(frozen=True)
class AllCapitals(SourceTransform):
    """All letters are capitals, as in headlines and on signs."""

    def change(self, line: str, random: np.random.Generator) -> str:
        """Return the line in capitals."""
        return line.upper()


@dataclass(frozen=True)
class TitleCase(SourceTransform):
    """Each word begins with a capital, as in titles."""

    def change(self, line: str, random: np.random.Generator) -> str:
        """Return the line with a capital at the start of each word."""
        return WORD_START.sub(lambda match: match[0].upper(), line)
