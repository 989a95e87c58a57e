"""Translations of lines, which translators return and output formats write."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """One translation of a line; if the line was split, of all its chunks.

    Attributes:
        text: a line, without any line break.
        score: what it is ranked by, higher is better; of a search the sum over chunks.
        log_probability: in nats; the sum over chunks.
        pieces: its pieces as text.
    """

    text: str
    score: float
    log_probability: float
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Translation:
    """A line and its translations.

    Attributes:
        source: the line, unchanged.
        candidates: best first, at least one; an empty line has one empty candidate.
    """

    source: str
    candidates: tuple[Candidate, ...]

    @property
    def text(self) -> str:
        """The best translation."""
        return self.candidates[0].text

    @property
    def distinct(self) -> tuple[Candidate, ...]:
        """The candidates as an n-best list: of those with the same text only the first."""
        first: dict[str, Candidate] = {}
        for candidate in self.candidates:
            first.setdefault(candidate.text, candidate)
        return tuple(first.values())
