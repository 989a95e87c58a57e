"""What a bad pair is, and what becomes of it: left out and counted, or the end of the run.

A pair is bad if one of its lines is not UTF-8, holds a control character (Unicode category Cc:
NUL, line feeds from JSON, terminal escapes, U+0080 to U+009F that a wrong encoding leaves behind)
other than tab, is empty or blank, or is longer than a limit. A tab is white space, like any other
space; U+2028, a soft hyphen or an emoji are text. Always both lines go, so nothing shifts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from nmt.corpora.corpus import Corpus, Fault, Pair
from nmt.errors import CorpusError

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
PLACES = 5  # of a kind of fault, that reports name


@dataclass(frozen=True, slots=True)
class Sentences:
    """A pair that passed, as text; the places are those of the `Pair`."""

    source: str
    target: str
    source_place: str
    target_place: str


@dataclass
class Tally:
    """Counts what was read and what was left out, and remembers the first places of each kind.

    Attributes:
        read: pairs seen, bad ones included.
        skipped: for each reason, how many pairs it cost.
        places: for each reason, the first places with their details.
    """

    read: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, fault: Fault) -> None:
        """Count one pair that is left out."""
        self.skipped[fault.reason] = self.skipped.get(fault.reason, 0) + 1
        places = self.places.setdefault(fault.reason, [])
        if len(places) < PLACES:
            places.append(f"{fault.place} ({fault.detail})")


@runtime_checkable
class Policy(Protocol):
    """What becomes of bad pairs, and from which length on a pair is bad."""

    @property
    def max_characters(self) -> int:
        """Characters (code points) that a line may have."""
        ...

    @property
    def max_pieces(self) -> int:
        """Pieces that either side of a pair may have after encoding."""
        ...

    def judge(self, fault: Fault, tally: Tally) -> None:
        """Return if the pair shall be left out, with `tally` telling of it; raise otherwise."""
        ...


@dataclass(frozen=True)
class Skip:
    """Leaves bad pairs out, counted; the report and the log say how many and why."""

    max_characters: int
    max_pieces: int

    def judge(self, fault: Fault, tally: Tally) -> None:
        """Count the pair."""
        tally.add(fault)


@dataclass(frozen=True)
class Strict:
    """Stops at the first bad pair: for text that is expected to be clean."""

    max_characters: int
    max_pieces: int

    def judge(self, fault: Fault, tally: Tally) -> None:
        """Stop.

        Raises:
            CorpusError: always; names file, line, and what to do.
        """
        raise CorpusError(
            f"{fault.place}: {fault.reason}: {fault.detail}; "
            "mend the line, or leave such pairs out with policy=skip"
        )


def read(corpus: Corpus, policy: Policy, tally: Tally) -> Iterator[Sentences]:
    """Give a corpus's good pairs as text, in order, handing the others to the policy.

    Raises:
        CorpusError: what the corpus raises, and what a strict policy does.
    """
    for pair in corpus:
        tally.read += 1
        checked = _checked(pair, policy.max_characters)
        if isinstance(checked, Fault):
            policy.judge(checked, tally)
        else:
            yield checked


def _checked(pair: Pair | Fault, max_characters: int) -> Sentences | Fault:
    if isinstance(pair, Fault):
        return pair
    source = _text(pair.source, pair.source_place, max_characters)
    if isinstance(source, Fault):
        return source
    target = _text(pair.target, pair.target_place, max_characters)
    if isinstance(target, Fault):
        return target
    return Sentences(source, target, pair.source_place, pair.target_place)


def _text(line: bytes, place: str, max_characters: int) -> str | Fault:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return Fault("invalid UTF-8", place, f"byte 0x{line[error.start]:02x} at {error.start + 1}")
    if control := CONTROL.search(text):
        detail = f"U+{ord(control[0]):04X} at column {control.start() + 1}"
        return Fault("control character", place, detail)
    if not text or text.isspace():
        return Fault("empty line", place, "no text")
    if len(text) > max_characters:
        detail = f"{len(text)} characters, policy.max_characters={max_characters}"
        return Fault("too many characters", place, detail)
    return text
