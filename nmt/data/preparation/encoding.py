"""Encoding of a corpus: from blocks of its pairs to shards, with counts.

Blocks have a fixed number of lines, so that any number of processes writes the same bytes.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress, islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from nmt.data.corpora.corpus import Corpus, InvalidPair, PairBlock
from nmt.data.corpora.filters import Filter, FilterCounts, FilteredPairs, filter_block
from nmt.data.preparation.report import SideReport, SplitReport
from nmt.data.preparation.shards import EncodedRows, ShardWriter, pack
from nmt.data.special_ids import UNKNOWN
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.runtime.errors import CorpusError
from nmt.runtime.processes import ProcessPool

log = logging.getLogger(__name__)

CHUNK = 10_000  # pairs encoded at once
SERIAL_CHUNKS = 8  # chunks encoded before other processes are worth their start
ROWS_PER_SHARD = 500_000


@dataclass(frozen=True)
class EncodedBlock:
    """The result of encoding a block.

    Attributes:
        chunk: the kept pairs, in the columns of a shard.
        counts: of pairs read and skipped.
        source: counts over the kept sources.
        target: counts over the kept targets.
    """

    chunk: pa.RecordBatch
    counts: FilterCounts
    source: SideReport
    target: SideReport


@dataclass(frozen=True)
class CorpusEncoder:
    """Encodes the blocks of a corpus.

    Attributes:
        pair_filter: handles invalid pairs.
        tokenizers: encode the others.
    """

    pair_filter: Filter
    tokenizers: Tokenizers

    def __call__(self, block: PairBlock) -> EncodedBlock:
        """Encode a block.

        Raises:
            CorpusError: from a strict filter.
        """
        counts = FilterCounts()
        rows = self._encode(filter_block(block, self.pair_filter, counts), counts)
        size = max(self.tokenizers.source.size, self.tokenizers.target.size)
        chunk = pack(rows, size)
        return EncodedBlock(
            chunk,
            counts,
            _report(rows.source_text, chunk.column("source")),
            _report(rows.target_text, chunk.column("target")),
        )

    def _encode(self, pairs: FilteredPairs, counts: FilterCounts) -> EncodedRows:
        sources = self.tokenizers.source.encode_lines(pairs.sources, 1)
        targets = self.tokenizers.target.encode_lines(pairs.targets, 1)
        rows = EncodedRows(sources, targets, pairs.sources, pairs.targets)
        lengths, most = list(map(len, chain(sources, targets))), self.pair_filter.max_pieces
        if min(lengths, default=1) > 0 and max(lengths, default=0) <= most:
            return rows
        kept = []
        for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
            where = pairs.locations(row)
            fault = _fault(len(source), where[0], most) or _fault(len(target), where[1], most)
            if fault:
                self.pair_filter.handle(fault, counts)
            kept.append(fault is None)
        return EncodedRows(
            list(compress(sources, kept)),
            list(compress(targets, kept)),
            list(compress(pairs.sources, kept)),
            list(compress(pairs.targets, kept)),
        )


def encode(
    corpus: Corpus,
    pair_filter: Filter,
    tokenizers: Tokenizers,
    folder: Path,
    name: str,
    processes: int = 1,
) -> SplitReport:
    """Write a split's shards; a few chunks of its pairs are in memory.

    Args:
        corpus: the pairs.
        pair_filter: handles invalid pairs.
        tokenizers: encode the others.
        folder: of the shards.
        name: of the split, with which the shards' names begin.
        processes: that encode, if the corpus has more than a few chunks.

    Raises:
        CorpusError: if the corpus cannot be read, or no valid pair is in it.
        NmtError: if a process was killed.
    """
    counts, source, target, kept = FilterCounts(), SideReport(), SideReport(), 0
    size = max(tokenizers.source.size, tokenizers.target.size)
    encoder = CorpusEncoder(pair_filter, tokenizers)
    with ShardWriter(folder, name, size, ROWS_PER_SHARD) as writer:
        for block in _encode_all(encoder, corpus.blocks(CHUNK), processes):
            counts.add(block.counts)
            source.add(block.source)
            target.add(block.target)
            writer.write(block.chunk)
            kept += len(block.chunk)
    if not kept:
        raise empty_split(name, corpus, counts)
    sides = source.with_sorted_bins(), target.with_sorted_bins()
    return SplitReport(counts.read, kept, counts.skipped, counts.examples, *sides)


def _encode_all(
    encoder: CorpusEncoder, blocks: Iterator[PairBlock], processes: int
) -> Iterator[EncodedBlock]:
    """Encode the first blocks in this process; most corpora have no more."""
    yield from map(encoder, islice(blocks, SERIAL_CHUNKS))
    if processes == 1:
        yield from map(encoder, blocks)
        return
    for block in blocks:
        with ProcessPool(encoder, processes) as pool:
            yield from pool.map(chain([block], blocks))


def _report(texts: Sequence[str], ids: pa.ListArray) -> SideReport:
    values, lengths = ids.values.to_numpy(), np.diff(ids.offsets.to_numpy())
    return SideReport.count(texts, lengths, int(np.count_nonzero(values == UNKNOWN)))


def _fault(pieces: int, location: str, max_pieces: int) -> InvalidPair | None:
    if not pieces:
        return InvalidPair("empty line", location, "no text after normalization")
    if pieces > max_pieces:
        detail = f"{pieces} pieces, filter.max_pieces={max_pieces}"
        return InvalidPair("too many pieces", location, detail)
    return None


def empty_split(name: str, corpus: Corpus, counts: FilterCounts) -> CorpusError:
    """Return the error of a split without a valid pair, which gives the reasons."""
    files = ", ".join(corpus.files())
    if not counts.read:
        return CorpusError(f"the {name} split has no pairs: {files} is empty")
    reasons = "; ".join(f"{reason}: {first}" for reason, (first, *_) in counts.examples.items())
    return CorpusError(
        f"the {name} split has no pairs left: all {counts.read} of {files} were skipped: {reasons}"
    )
