"""Plain text: a file with the source lines, and one with the target lines in the same order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from nmt.corpora.corpus import Corpus, Pair, lines, listed
from nmt.errors import CorpusError


@dataclass(frozen=True)
class Plain(Corpus):
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
        names = zip(listed(self.source, "source"), listed(self.target, "target"), strict=True)
        for source, target in names:
            yield from _side_by_side(source, target)


def _side_by_side(source: str, target: str) -> Iterator[Pair]:
    number = sources = targets = 0
    for number, (one, other) in enumerate(zip_longest(lines(source), lines(target)), 1):
        sources += one is not None
        targets += other is not None
        if one is not None and other is not None:
            yield Pair(one, other, f"{source}:{number}", f"{target}:{number}")
    if sources != targets:
        raise CorpusError(
            f"{source} has {sources} lines but {target} has {targets}; "
            "line n of one must translate line n of the other"
        )
