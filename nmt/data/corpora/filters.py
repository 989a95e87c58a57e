"""What an invalid pair is, and whether it is skipped and counted, or ends the run.

A pair is invalid if one of its lines is not UTF-8, holds a control character (Unicode category
Cc: NUL, line feeds from JSON, terminal escapes, U+0080 to U+009F that a wrong encoding leaves)
other than tab, is empty or blank, or is longer than a limit. A tab is white space; U+2028, a soft
hyphen or an emoji are text. Both lines of a pair are skipped together, so nothing shifts.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, runtime_checkable

import numpy as np

from nmt.data.corpora.corpus import BLOCK_LINES, Corpus, InvalidPair, Pair, PairBlock
from nmt.runtime.errors import CorpusError

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
FIRST_OF_C1 = 0xC2  # first byte in UTF-8 of U+0080 to U+00BF
MAX_EXAMPLES = 5  # of each reason, named in reports

Locations = Callable[[int], tuple[str, str]]
"""Returns the locations of a row's source and target."""


@dataclass(frozen=True, slots=True)
class FilteredPairs:
    """Valid pairs as text, each a row.

    Attributes:
        sources: of all rows.
        targets: of all rows.
        locations: of a row, as in `Pair`.
    """

    sources: Sequence[str]
    targets: Sequence[str]
    locations: Locations


@dataclass
class FilterCounts:
    """Counts of pairs read and skipped, with the first examples of each reason.

    Attributes:
        read: pairs, invalid ones included.
        skipped: number of pairs by reason.
        examples: by reason, the first locations with their details.
    """

    read: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, pair: InvalidPair) -> None:
        """Count a skipped pair."""
        self.skipped[pair.reason] = self.skipped.get(pair.reason, 0) + 1
        examples = self.examples.setdefault(pair.reason, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(f"{pair.location} ({pair.detail})")

    def add(self, later: "FilterCounts") -> None:
        """Add the counts of pairs that follow."""
        self.read += later.read
        for reason, count in later.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + count
            examples = self.examples.setdefault(reason, [])
            examples += later.examples[reason][: MAX_EXAMPLES - len(examples)]


@runtime_checkable
class Filter(Protocol):
    """The limits on a pair's length, and what happens to invalid pairs."""

    @property
    def max_characters(self) -> int:
        """The largest number of characters (code points) in a line."""
        ...

    @property
    def max_pieces(self) -> int:
        """The largest number of pieces on either side of a pair."""
        ...

    def handle(self, pair: InvalidPair, counts: FilterCounts) -> None:
        """Add an invalid pair to the counts, so that it is skipped, or raise CorpusError."""
        ...


@dataclass(frozen=True)
class SkipFilter:
    """Skips invalid pairs; the report and the log have their counts by reason."""

    max_characters: int
    max_pieces: int

    def handle(self, pair: InvalidPair, counts: FilterCounts) -> None:
        """Count the pair."""
        counts.skip(pair)


@dataclass(frozen=True)
class StrictFilter:
    """Stops at the first invalid pair: for text that is expected to be clean."""

    max_characters: int
    max_pieces: int

    def handle(self, pair: InvalidPair, counts: FilterCounts) -> None:
        """Raise an error.

        Raises:
            CorpusError: always; names file, line and remedy.
        """
        raise CorpusError(
            f"{pair.location}: {pair.reason}: {pair.detail}; "
            "correct the line, or skip such pairs with filter=skip"
        )


def read_pairs(
    corpus: Corpus, pair_filter: Filter, counts: FilterCounts
) -> Iterator[tuple[str, str]]:
    """Yield a corpus's valid pairs as text, in order; the filter handles the others.

    Raises:
        CorpusError: if the corpus cannot be read, or from a strict filter.
    """
    for block in corpus.blocks(BLOCK_LINES):
        passed = filter_block(block, pair_filter, counts)
        yield from zip(passed.sources, passed.targets, strict=True)


def filter_block(block: PairBlock, pair_filter: Filter, counts: FilterCounts) -> FilteredPairs:
    """Return a block's valid pairs as text, in order; the filter handles the others.

    Raises:
        CorpusError: from a strict filter.
    """
    texts = block.texts()
    if texts is not None and all(_are_valid(side, pair_filter.max_characters) for side in texts):
        counts.read += len(texts[0])
        return FilteredPairs(*texts, lambda row: _locations(block, row))
    rows: list[_Passed] = []
    for pair in block:
        counts.read += 1
        checked = _check(pair, pair_filter.max_characters)
        if isinstance(checked, InvalidPair):
            pair_filter.handle(checked, counts)
        else:
            rows.append(checked)
    return FilteredPairs(
        [row.source for row in rows],
        [row.target for row in rows],
        lambda row: (rows[row].source_location, rows[row].target_location),
    )


def _locations(block: PairBlock, row: int) -> tuple[str, str]:
    pair = next(islice(block, row, None))
    assert isinstance(pair, Pair)
    return pair.source_location, pair.target_location


def _are_valid(lines: Sequence[str], max_characters: int) -> bool:
    """Return whether `_check_line` accepts all lines, in few calls."""
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
    source_location: str
    target_location: str


def _check(pair: Pair | InvalidPair, max_characters: int) -> _Passed | InvalidPair:
    if isinstance(pair, InvalidPair):
        return pair
    source = _check_line(pair.source, pair.source_location, max_characters)
    if isinstance(source, InvalidPair):
        return source
    target = _check_line(pair.target, pair.target_location, max_characters)
    if isinstance(target, InvalidPair):
        return target
    return _Passed(source, target, pair.source_location, pair.target_location)


def _check_line(line: bytes, location: str, max_characters: int) -> str | InvalidPair:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return InvalidPair.not_utf8(error, location)
    if control := CONTROL.search(text):
        detail = f"U+{ord(control[0]):04X} at column {control.start() + 1}"
        return InvalidPair("control character", location, detail)
    if not text or text.isspace():
        return InvalidPair("empty line", location, "no text")
    if len(text) > max_characters:
        detail = f"{len(text)} characters, filter.max_characters={max_characters}"
        return InvalidPair("too many characters", location, detail)
    return text
