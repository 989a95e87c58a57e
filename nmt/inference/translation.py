"""What becomes of a line of text: values that a translator gives and output formats write."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """One translation of a line; of a line that was split, of all its chunks.

    Attributes:
        text: a line, without any line break.
        score: what the search ranked it by, higher is better; of chunks the sum.
        log_probability: in nats; of chunks the sum.
        pieces: its pieces by name, as the model wrote them.
    """

    text: str
    score: float
    log_probability: float
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Translation:
    """A line and its translations.

    Attributes:
        source: the line as it was given.
        candidates: best first, at least one; an empty line has one empty candidate.
    """

    source: str
    candidates: tuple[Candidate, ...]

    @property
    def text(self) -> str:
        """The best translation."""
        return self.candidates[0].text
