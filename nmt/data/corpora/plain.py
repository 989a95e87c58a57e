"""Plain text: a file of source lines, and a file of target lines in the same order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from nmt.data.corpora.corpus import (
    BLOCK_LINES,
    Corpus,
    LineBlock,
    Pair,
    PairBlock,
    file_names,
    read_blocks,
)
from nmt.data.text.parallel import parallel
from nmt.runtime.errors import CorpusError


@dataclass(frozen=True)
class PlainCorpus(Corpus):
    """Line n of a source file and line n of its target file are a pair.

    Attributes:
        source: a file of source sentences, one per line, or several such files.
        target: as many files of target sentences, in the same order.
    """

    source: str | Sequence[str]
    target: str | Sequence[str]

    def __post_init__(self) -> None:
        """Check that there are as many source files as target files."""
        sources, targets = file_names(self.source, "source"), file_names(self.target, "target")
        if len(sources) != len(targets):
            raise CorpusError(
                f"the data has {len(sources)} source files but {len(targets)} target files: "
                f"{', '.join(sources)} against {', '.join(targets)}; expected as many"
            )

    def files(self) -> tuple[str, ...]:
        """Return the names of the source files, then of the target files."""
        return file_names(self.source, "source") + file_names(self.target, "target")

    def __iter__(self) -> Iterator[Pair]:
        """Yield the pairs of each pair of files in turn."""
        return chain.from_iterable(self.blocks(BLOCK_LINES))

    def blocks(self, pairs: int) -> Iterator["ParallelLines"]:
        """Yield the lines in blocks, not yet paired."""
        sources, targets = file_names(self.source, "source"), file_names(self.target, "target")
        for names in zip(sources, targets, strict=True):
            source, target = (read_blocks(name, pairs) for name in names)
            for blocks in parallel(names, source, target, lambda block: block.count):
                yield ParallelLines(*blocks)


@dataclass(frozen=True, slots=True)
class ParallelLines(PairBlock):
    """Lines of a source file and of its target file; a longer side's last lines are ignored."""

    sources: LineBlock
    targets: LineBlock

    def __iter__(self) -> Iterator[Pair]:
        """Pair the lines."""
        for (source, location), (target, other) in zip(self.sources, self.targets, strict=False):
            yield Pair(source, target, location, other)

    def texts(self) -> tuple[list[str], list[str]] | None:
        """Decode both sides at once."""
        sources, targets = self.sources.texts(), self.targets.texts()
        if sources is None or targets is None or len(sources) != len(targets):
            return None
        return sources, targets
