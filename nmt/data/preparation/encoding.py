"""From the pairs of a corpus to its shards, block by block, counting on the way.

Blocks are cut by numbers of lines alone, so that the shards are the same bytes however many
processes encode.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress, islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from nmt.data.corpora.corpus import Corpus, InvalidPair, PairBlock
from nmt.data.corpora.filters import Filter, FilterCounts, FilteredPairs, filtered
from nmt.data.preparation.report import SideReport, SplitReport
from nmt.data.preparation.shards import EncodedRows, ShardWriter, packed
from nmt.data.special_ids import UNKNOWN
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.runtime.errors import CorpusError
from nmt.runtime.processes import ProcessPool

log = logging.getLogger(__name__)

CHUNK = 10_000  # pairs that are encoded at once
FEW = 8  # chunks that are encoded before other processes are worth their start
ROWS_PER_SHARD = 500_000


@dataclass(frozen=True)
class EncodedBlock:
    """What became of a block.

    Attributes:
        chunk: the rows that are kept, in the columns of a shard.
        tally: what was read and what was left out.
        source: counts over the sources that are kept.
        target: counts over the targets that are kept.
    """

    chunk: pa.RecordBatch
    tally: FilterCounts
    source: SideReport
    target: SideReport


@dataclass(frozen=True)
class CorpusEncoder:
    """Encodes the blocks of a corpus.

    Attributes:
        pair_filter: what becomes of bad pairs.
        tokenizers: what encodes the others.
    """

    pair_filter: Filter
    tokenizers: Tokenizers

    def __call__(self, block: PairBlock) -> EncodedBlock:
        """Encode a block.

        Raises:
            CorpusError: what a strict pair_filter raises.
        """
        tally = FilterCounts()
        rows = self._rows(filtered(block, self.pair_filter, tally), tally)
        size = max(self.tokenizers.source.size, self.tokenizers.target.size)
        chunk = packed(rows, size)
        return EncodedBlock(
            chunk,
            tally,
            _counted(rows.source_text, chunk.column("source")),
            _counted(rows.target_text, chunk.column("target")),
        )

    def _rows(self, sentences: FilteredPairs, tally: FilterCounts) -> EncodedRows:
        sources = self.tokenizers.source.encode_lines(sentences.sources, 1)
        targets = self.tokenizers.target.encode_lines(sentences.targets, 1)
        rows = EncodedRows(sources, targets, sentences.sources, sentences.targets)
        sizes, most = list(map(len, chain(sources, targets))), self.pair_filter.max_pieces
        if min(sizes, default=1) > 0 and max(sizes, default=0) <= most:
            return rows
        kept = []
        for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
            places = sentences.places(row)
            fault = _fault(len(source), places[0], most) or _fault(len(target), places[1], most)
            if fault:
                self.pair_filter.judge(fault, tally)
            kept.append(fault is None)
        return EncodedRows(
            list(compress(sources, kept)),
            list(compress(targets, kept)),
            list(compress(sentences.sources, kept)),
            list(compress(sentences.targets, kept)),
        )


def encode(
    corpus: Corpus,
    pair_filter: Filter,
    tokenizers: Tokenizers,
    folder: Path,
    name: str,
    processes: int = 1,
) -> SplitReport:
    """Write a split's shards, holding some chunks of its pairs in memory.

    Args:
        corpus: the pairs.
        pair_filter: what becomes of bad ones.
        tokenizers: what encodes them.
        folder: where the shards go.
        name: of the split; the shards' names begin with it.
        processes: that encode, if the corpus has more than a few chunks.

    Raises:
        CorpusError: if the text cannot be read as pairs, or nothing of it is left.
        NmtError: if a process was ended from outside.
    """
    tally, source, target, kept = FilterCounts(), SideReport(), SideReport(), 0
    size = max(tokenizers.source.size, tokenizers.target.size)
    encoding = CorpusEncoder(pair_filter, tokenizers)
    with ShardWriter(folder, name, size, ROWS_PER_SHARD) as writer:
        for done in _encoded(encoding, corpus.blocks(CHUNK), processes):
            tally.join(done.tally)
            source.join(done.source)
            target.join(done.target)
            writer.write(done.chunk)
            kept += len(done.chunk)
    if not kept:
        raise nothing_left(name, corpus, tally)
    sides = source.in_order(), target.in_order()
    return SplitReport(tally.read, kept, tally.skipped, tally.places, *sides)


def _encoded(
    encoding: CorpusEncoder, blocks: Iterator[PairBlock], processes: int
) -> Iterator[EncodedBlock]:
    """Encode the first blocks here; most corpora have no more."""
    yield from map(encoding, islice(blocks, FEW))
    if processes == 1:
        yield from map(encoding, blocks)
        return
    for block in blocks:
        with ProcessPool(encoding, processes) as crew:
            yield from crew.map(chain([block], blocks))


def _counted(texts: Sequence[str], ids: pa.ListArray) -> SideReport:
    values, lengths = ids.values.to_numpy(), np.diff(ids.offsets.to_numpy())
    return SideReport.of(texts, lengths, int(np.count_nonzero(values == UNKNOWN)))


def _fault(pieces: int, place: str, max_pieces: int) -> InvalidPair | None:
    if not pieces:
        return InvalidPair("empty line", place, "no text after normalisation")
    if pieces > max_pieces:
        return InvalidPair(
            "too many pieces", place, f"{pieces} pieces, filter.max_pieces={max_pieces}"
        )
    return None


def nothing_left(split: str, corpus: Corpus, tally: FilterCounts) -> CorpusError:
    """Say of an empty split why it is empty."""
    files = ", ".join(corpus.files())
    if not tally.read:
        return CorpusError(f"the {split} split has no pairs: {files} is empty")
    reasons = "; ".join(f"{reason}: {places[0]}" for reason, places in tally.places.items())
    return CorpusError(
        f"the {split} split has no pairs left: all {tally.read} of {files} were skipped: {reasons}"
    )
