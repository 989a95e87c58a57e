"""Source lines without their final mark."""

import re
from dataclasses import dataclass

import numpy as np

from nmt.data.transforms.transform import SourceTransform

FINAL_MARK = re.compile(r"(?<=\w)\s*[.!?…。！？]+\s*$")


@dataclass(frozen=True)
class NoFinalMark(SourceTransform):
    """The full stop, question mark or exclamation mark at the end is missing."""

    def change(self, line: str, random: np.random.Generator) -> str:
        """Return the line without the mark that ends its last word."""
        return FINAL_MARK.sub("", line)
