"""The n-best lists of the Moses toolkit, which rerankers and tuners read."""

from dataclasses import dataclass
from typing import ClassVar

from nmt.inference.translation import Translation

BAR = "|||"
ESCAPED = "&#124;&#124;&#124;"
"""Bars as Moses' own tokenizer escapes them."""


@dataclass(frozen=True)
class MosesOutput:
    """A line for each hypothesis: `number ||| text ||| features ||| score`, numbers from 0.

    The features are the log-probability in nats and the number of pieces.
    """

    writes_all: ClassVar[bool] = True

    def __call__(self, number: int, translation: Translation) -> str:
        """Return a line for each candidate, best first."""
        lines = []
        for candidate in translation.distinct:
            text = candidate.text.replace(BAR, ESCAPED)
            features = (
                f"log_probability= {candidate.log_probability:.6f} pieces= {len(candidate.pieces)}"
            )
            fields = [str(number), text, features, f"{candidate.score:.6f}"]
            lines.append(f" {BAR} ".join(fields) + "\n")
        return "".join(lines)
