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

from nmt.corpora.corpus import Block, Corpus, Fault
from nmt.corpora.policy import Policy, Sentences, Tally, judged
from nmt.errors import CorpusError
from nmt.piped import Crew
from nmt.report import Side, Split
from nmt.shards import Rows, Writer, packed
from nmt.tokenizer import Tokenizers
from nmt.vocabulary import UNKNOWN

log = logging.getLogger(__name__)

CHUNK = 10_000  # pairs that are encoded at once
FEW = 8  # chunks that are encoded before other processes are worth their start
ROWS_PER_SHARD = 500_000


@dataclass(frozen=True)
class Encoded:
    """What became of a block.

    Attributes:
        chunk: the rows that are kept, in the columns of a shard.
        tally: what was read and what was left out.
        source: counts over the sources that are kept.
        target: counts over the targets that are kept.
    """

    chunk: pa.RecordBatch
    tally: Tally
    source: Side
    target: Side


@dataclass(frozen=True)
class Encoding:
    """Encodes the blocks of a corpus.

    Attributes:
        policy: what becomes of bad pairs.
        tokenizers: what encodes the others.
    """

    policy: Policy
    tokenizers: Tokenizers

    def __call__(self, block: Block) -> Encoded:
        """Encode a block.

        Raises:
            CorpusError: what a strict policy raises.
        """
        tally = Tally()
        rows = self._rows(judged(block, self.policy, tally), tally)
        size = max(self.tokenizers.source.size, self.tokenizers.target.size)
        chunk = packed(rows, size)
        return Encoded(
            chunk,
            tally,
            _counted(rows.source_text, chunk.column("source")),
            _counted(rows.target_text, chunk.column("target")),
        )

    def _rows(self, sentences: Sentences, tally: Tally) -> Rows:
        sources = self.tokenizers.source.encode_lines(sentences.sources, 1)
        targets = self.tokenizers.target.encode_lines(sentences.targets, 1)
        rows = Rows(sources, targets, sentences.sources, sentences.targets)
        sizes, most = list(map(len, chain(sources, targets))), self.policy.max_pieces
        if min(sizes, default=1) > 0 and max(sizes, default=0) <= most:
            return rows
        kept = []
        for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
            places = sentences.places(row)
            fault = _fault(len(source), places[0], most) or _fault(len(target), places[1], most)
            if fault:
                self.policy.judge(fault, tally)
            kept.append(fault is None)
        return Rows(
            list(compress(sources, kept)),
            list(compress(targets, kept)),
            list(compress(sentences.sources, kept)),
            list(compress(sentences.targets, kept)),
        )


def encode(
    corpus: Corpus,
    policy: Policy,
    tokenizers: Tokenizers,
    folder: Path,
    name: str,
    processes: int = 1,
) -> Split:
    """Write a split's shards, holding some chunks of its pairs in memory.

    Args:
        corpus: the pairs.
        policy: what becomes of bad ones.
        tokenizers: what encodes them.
        folder: where the shards go.
        name: of the split; the shards' names begin with it.
        processes: that encode, if the corpus has more than a few chunks.

    Raises:
        CorpusError: if the text cannot be read as pairs, or nothing of it is left.
        NmtError: if a process was ended from outside.
    """
    tally, source, target, kept = Tally(), Side(), Side(), 0
    size = max(tokenizers.source.size, tokenizers.target.size)
    encoding = Encoding(policy, tokenizers)
    with Writer(folder, name, size, ROWS_PER_SHARD) as writer:
        for done in _encoded(encoding, corpus.blocks(CHUNK), processes):
            tally.join(done.tally)
            source.join(done.source)
            target.join(done.target)
            writer.write(done.chunk)
            kept += len(done.chunk)
    if not kept:
        raise nothing_left(name, corpus, tally)
    sides = source.in_order(), target.in_order()
    return Split(tally.read, kept, tally.skipped, tally.places, *sides)


def _encoded(encoding: Encoding, blocks: Iterator[Block], processes: int) -> Iterator[Encoded]:
    """Encode the first blocks here; most corpora have no more."""
    yield from map(encoding, islice(blocks, FEW))
    if processes == 1:
        yield from map(encoding, blocks)
        return
    for block in blocks:
        with Crew(encoding, processes) as crew:
            yield from crew.map(chain([block], blocks))


def _counted(texts: Sequence[str], ids: pa.ListArray) -> Side:
    values, lengths = ids.values.to_numpy(), np.diff(ids.offsets.to_numpy())
    return Side.of(texts, lengths, int(np.count_nonzero(values == UNKNOWN)))


def _fault(pieces: int, place: str, max_pieces: int) -> Fault | None:
    if not pieces:
        return Fault("empty line", place, "no text after normalisation")
    if pieces > max_pieces:
        return Fault("too many pieces", place, f"{pieces} pieces, policy.max_pieces={max_pieces}")
    return None


def nothing_left(split: str, corpus: Corpus, tally: Tally) -> CorpusError:
    """Say of an empty split why it is empty."""
    files = ", ".join(corpus.files())
    if not tally.read:
        return CorpusError(f"the {split} split has no pairs: {files} is empty")
    reasons = "; ".join(f"{reason}: {places[0]}" for reason, places in tally.places.items())
    return CorpusError(
        f"the {split} split has no pairs left: all {tally.read} of {files} were skipped: {reasons}"
    )
