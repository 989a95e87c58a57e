"""All that is known of a translation, as JSON."""

import json
from dataclasses import asdict, dataclass

from nmt.translation import Translation

SEPARATORS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""What some programs take for the end of a line."""


@dataclass(frozen=True)
class JSONL:
    """One JSON object for each line: the source, and its hypotheses, best first.

    As in `{"source": …, "hypotheses": [{"text": …, "score": …, "log_probability": …,
    "pieces": […]}, …]}`; log-probabilities are in nats.
    """

    def __call__(self, number: int, translation: Translation) -> str:
        """Give an object on one line, as UTF-8 text that is not escaped where it need not be."""
        hypotheses = [asdict(candidate) for candidate in translation.candidates]
        line = {"source": translation.source, "hypotheses": hypotheses}
        return json.dumps(line, ensure_ascii=False).translate(SEPARATORS) + "\n"
