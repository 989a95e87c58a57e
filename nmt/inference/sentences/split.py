"""Sentence boundaries by the rules and abbreviations of a language, from sentencex."""

import re
import sys
from dataclasses import dataclass
from typing import Any

import sentencex

from nmt.runtime.errors import require

WIDE_SPACES = {code: " " for code in range(0x80, sys.maxunicode + 1) if chr(code).isspace()}
"""White space of several bytes, at which sentencex 1.0 may end in a panic."""

ORDINAL = re.compile(r"(?:^|\s)\d{1,2}\.\s+$")
"""The end of a part that is an ordinal number in German: der 2. Weltkrieg, am 3. Spieltag."""

ORDINALS_WITH_PERIOD = re.compile("cs|da|de|et|fi|hr|hu|nb|no|pl|sk|sl|sr")
"""Languages that write ordinal numbers with a period, which ends no sentence there."""


@dataclass(frozen=True)
class SplitSentences:
    """Splits where a sentence ends: not after abbreviations, in numbers, dates or quotations.

    Where a rule could go either way, as after an ordinal number, the sentence is not split: a model
    translates two short sentences at once better than half a sentence.

    Attributes:
        language: of the source, as ISO 639-1 (`de`); one that is unknown has the rules of English.
    """

    language: str

    def __post_init__(self) -> None:
        """Check that the language is a code."""
        holds = isinstance(self.language, str) and re.fullmatch("[a-z]{2,3}", self.language)
        require(bool(holds), "sentences.language", self.language, "a code of ISO 639, such as de")

    def __call__(self, line: str) -> list[str]:
        """Return the sentences in order, each with the white space after it."""
        sentences: list[str] = []
        start = 0
        for length in _lengths(self.language, line):
            part = line[start : start + length]
            start += length
            if sentences and (part.isspace() or self._continues(sentences[-1])):
                sentences[-1] += part
            else:
                sentences.append(part)
        return sentences or [line]

    def _continues(self, before: str) -> bool:
        ordinals = ORDINALS_WITH_PERIOD.fullmatch(self.language)
        return before.isspace() or bool(ordinals and ORDINAL.search(before))


def _lengths(language: str, line: str) -> list[int]:
    """Return the characters of each part between two boundaries."""
    parts: list[Any] = sentencex.segment(language, line.translate(WIDE_SPACES))
    return [len(part) for part in parts]
