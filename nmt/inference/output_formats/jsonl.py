"""Translations with all their hypotheses as JSON."""

import json
from dataclasses import asdict, dataclass
from typing import ClassVar

from nmt.inference.translation import Translation

ESCAPED = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029, *range(0xD800, 0xE000))}
"""Characters that some programs read as ends of lines, and lone surrogates, which UTF-8 lacks."""


@dataclass(frozen=True)
class JSONLOutput:
    """One JSON object for each line: the source, and its hypotheses, best first.

    As in `{"source": …, "hypotheses": [{"text": …, "score": …, "log_probability": …,
    "pieces": […]}, …]}`; log-probabilities are in nats.
    """

    writes_all: ClassVar[bool] = True

    def __call__(self, number: int, translation: Translation) -> str:
        """Return an object on one line, in which nothing is escaped that need not be."""
        hypotheses = [asdict(candidate) for candidate in translation.distinct]
        line = {"source": translation.source, "hypotheses": hypotheses}
        return json.dumps(line, ensure_ascii=False).translate(ESCAPED) + "\n"
