"""Plain text: a file with the source lines, and one with the target lines in the same order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from nmt.data.corpora.corpus import AT_ONCE, Corpus, LineBlock, Pair, PairBlock, listed, read_lines
from nmt.runtime.errors import CorpusError


@dataclass(frozen=True)
class PlainCorpus(Corpus):
    """Line n of a source file and line n of the target file beside it are a pair.

    Attributes:
        source: a file of source sentences, one a line, or several such files.
        target: as many files of target sentences, in the same order.
    """

    source: str | Sequence[str]
    target: str | Sequence[str]

    def __post_init__(self) -> None:
        """Refuse lists of different lengths, which would pair the wrong files."""
        sources, targets = listed(self.source, "source"), listed(self.target, "target")
        if len(sources) != len(targets):
            raise CorpusError(
                f"the data has {len(sources)} source files but {len(targets)} target files: "
                f"{', '.join(sources)} against {', '.join(targets)}; expected as many"
            )

    def files(self) -> tuple[str, ...]:
        """Name the source files, then the target files."""
        return listed(self.source, "source") + listed(self.target, "target")

    def __iter__(self) -> Iterator[Pair]:
        """Read the files side by side, pair of files after pair of files."""
        return chain.from_iterable(self.blocks(AT_ONCE))

    def blocks(self, pairs: int) -> Iterator["SideBySide"]:
        """Give the lines of both files as they stand there."""
        names = zip(listed(self.source, "source"), listed(self.target, "target"), strict=True)
        for source, target in names:
            yield from _side_by_side(source, target, pairs)


@dataclass(frozen=True, slots=True)
class SideBySide(PairBlock):
    """Lines of both files; what one has more of than the other is in no pair."""

    sources: LineBlock
    targets: LineBlock

    def __iter__(self) -> Iterator[Pair]:
        """Pair the lines."""
        for (source, place), (target, other) in zip(self.sources, self.targets, strict=False):
            yield Pair(source, target, place, other)

    def texts(self) -> tuple[list[str], list[str]] | None:
        """Decode both."""
        sources, targets = self.sources.texts(), self.targets.texts()
        if sources is None or targets is None or len(sources) != len(targets):
            return None
        return sources, targets


def _side_by_side(source: str, target: str, pairs: int) -> Iterator[SideBySide]:
    sources = targets = 0
    for one, other in zip_longest(read_lines(source, pairs), read_lines(target, pairs)):
        sources += one.count if one else 0
        targets += other.count if other else 0
        if one and other:
            yield SideBySide(one, other)
    if sources != targets:
        raise CorpusError(
            f"{source} has {sources} lines but {target} has {targets}; "
            "line n of one must translate line n of the other"
        )
