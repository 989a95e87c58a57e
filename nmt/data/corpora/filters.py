"""What a bad pair is, and what becomes of it: left out and counted, or the end of the run.

A pair is bad if one of its lines is not UTF-8, holds a control character (Unicode category Cc:
NUL, line feeds from JSON, terminal escapes, U+0080 to U+009F that a wrong encoding leaves behind)
other than tab, is empty or blank, or is longer than a limit. A tab is white space, like any other
space; U+2028, a soft hyphen or an emoji are text. Always both lines go, so nothing shifts.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, runtime_checkable

import numpy as np

from nmt.data.corpora.corpus import AT_ONCE, Corpus, InvalidPair, Pair, PairBlock
from nmt.runtime.errors import CorpusError

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
FIRST_OF_C1 = 0xC2  # byte of UTF-8 with which U+0080 to U+00BF begin
PLACES = 5  # of a kind of fault, that reports name


Places = Callable[[int], tuple[str, str]]
"""Says of a row where its source and its target stand."""


@dataclass(frozen=True, slots=True)
class FilteredPairs:
    """Pairs that passed, as text, each a row.

    Attributes:
        sources: the sources of all rows.
        targets: their targets.
        places: those of the `Pair`s.
    """

    sources: Sequence[str]
    targets: Sequence[str]
    places: Places


@dataclass
class FilterCounts:
    """Counts what was read and what was left out, and remembers the first places of each kind.

    Attributes:
        read: pairs seen, bad ones included.
        skipped: for each reason, how many pairs it cost.
        places: for each reason, the first places with their details.
    """

    read: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, fault: InvalidPair) -> None:
        """Count one pair that is left out."""
        self.skipped[fault.reason] = self.skipped.get(fault.reason, 0) + 1
        places = self.places.setdefault(fault.reason, [])
        if len(places) < PLACES:
            places.append(f"{fault.place} ({fault.detail})")

    def join(self, later: "FilterCounts") -> None:
        """Count what was counted of the pairs that follow."""
        self.read += later.read
        for reason, count in later.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + count
            places = self.places.setdefault(reason, [])
            places += later.places[reason][: PLACES - len(places)]


@runtime_checkable
class Filter(Protocol):
    """What becomes of bad pairs, and from which length on a pair is bad."""

    @property
    def max_characters(self) -> int:
        """Characters (code points) that a line may have."""
        ...

    @property
    def max_pieces(self) -> int:
        """Pieces that either side of a pair may have after encoding."""
        ...

    def judge(self, fault: InvalidPair, tally: FilterCounts) -> None:
        """Return if the pair shall be left out, with `tally` telling of it; raise otherwise."""
        ...


@dataclass(frozen=True)
class SkipFilter:
    """Leaves bad pairs out, counted; the report and the log say how many and why."""

    max_characters: int
    max_pieces: int

    def judge(self, fault: InvalidPair, tally: FilterCounts) -> None:
        """Count the pair."""
        tally.add(fault)


@dataclass(frozen=True)
class StrictFilter:
    """Stops at the first bad pair: for text that is expected to be clean."""

    max_characters: int
    max_pieces: int

    def judge(self, fault: InvalidPair, tally: FilterCounts) -> None:
        """Stop.

        Raises:
            CorpusError: always; names file, line, and what to do.
        """
        raise CorpusError(
            f"{fault.place}: {fault.reason}: {fault.detail}; "
            "mend the line, or leave such pairs out with filter=skip"
        )


def read(corpus: Corpus, pair_filter: Filter, tally: FilterCounts) -> Iterator[tuple[str, str]]:
    """Give a corpus's good pairs as text, in order, handing the others to the pair_filter.

    Raises:
        CorpusError: what the corpus raises, and what a strict pair_filter does.
    """
    for block in corpus.blocks(AT_ONCE):
        passed = filtered(block, pair_filter, tally)
        yield from zip(passed.sources, passed.targets, strict=True)


def filtered(block: PairBlock, pair_filter: Filter, tally: FilterCounts) -> FilteredPairs:
    """Give a block's good pairs as text, in order, handing the others to the pair_filter.

    Raises:
        CorpusError: what a strict pair_filter raises.
    """
    texts = block.texts()
    if texts is not None and all(_clean(side, pair_filter.max_characters) for side in texts):
        tally.read += len(texts[0])
        return FilteredPairs(*texts, lambda row: _places(block, row))
    rows: list[_Passed] = []
    for pair in block:
        tally.read += 1
        checked = _checked(pair, pair_filter.max_characters)
        if isinstance(checked, InvalidPair):
            pair_filter.judge(checked, tally)
        else:
            rows.append(checked)
    return FilteredPairs(
        [row.source for row in rows],
        [row.target for row in rows],
        lambda row: (rows[row].source_place, rows[row].target_place),
    )


def _places(block: PairBlock, row: int) -> tuple[str, str]:
    pair = next(islice(block, row, None))
    assert isinstance(pair, Pair)
    return pair.source_place, pair.target_place


def _clean(lines: Sequence[str], max_characters: int) -> bool:
    """Tell in few calls whether `_text` refuses none of them."""
    text = "".join(lines)
    codes = np.frombuffer(text.encode(), np.uint8)
    controls = (codes < ord(" ")) & (codes != ord("\t")) | (codes == 0x7F) | (codes == FIRST_OF_C1)
    return (
        (not controls.any() or CONTROL.search(text) is None)
        and all(map(str.strip, lines))
        and max(map(len, lines), default=0) <= max_characters
    )


@dataclass(frozen=True, slots=True)
class _Passed:
    source: str
    target: str
    source_place: str
    target_place: str


def _checked(pair: Pair | InvalidPair, max_characters: int) -> _Passed | InvalidPair:
    if isinstance(pair, InvalidPair):
        return pair
    source = _text(pair.source, pair.source_place, max_characters)
    if isinstance(source, InvalidPair):
        return source
    target = _text(pair.target, pair.target_place, max_characters)
    if isinstance(target, InvalidPair):
        return target
    return _Passed(source, target, pair.source_place, pair.target_place)


def _text(line: bytes, place: str, max_characters: int) -> str | InvalidPair:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return InvalidPair(
            "invalid UTF-8", place, f"byte 0x{line[error.start]:02x} at {error.start + 1}"
        )
    if control := CONTROL.search(text):
        detail = f"U+{ord(control[0]):04X} at column {control.start() + 1}"
        return InvalidPair("control character", place, detail)
    if not text or text.isspace():
        return InvalidPair("empty line", place, "no text")
    if len(text) > max_characters:
        detail = f"{len(text)} characters, filter.max_characters={max_characters}"
        return InvalidPair("too many characters", place, detail)
    return text
