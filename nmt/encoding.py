"""From the pairs of a corpus to its shards, chunk by chunk, counting on the way."""

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from nmt.corpora.corpus import Corpus, Fault
from nmt.corpora.policy import Policy, Sentences, Tally, read
from nmt.errors import CorpusError
from nmt.report import Side, Split
from nmt.shards import Row, Writer
from nmt.tokenizer import Tokenizers
from nmt.vocabulary import UNKNOWN

log = logging.getLogger(__name__)

CHUNK = 10_000  # pairs that are encoded at once
ROWS_PER_SHARD = 500_000


def encode(
    corpus: Corpus, policy: Policy, tokenizers: Tokenizers, folder: Path, name: str
) -> Split:
    """Write a split's shards, holding one chunk of its pairs in memory.

    Args:
        corpus: the pairs.
        policy: what becomes of bad ones.
        tokenizers: what encodes them.
        folder: where the shards go.
        name: of the split; the shards' names begin with it.

    Raises:
        CorpusError: if the text cannot be read as pairs, or nothing of it is left.
    """
    tally, source, target, kept = Tally(), Side(), Side(), 0
    size = max(tokenizers.source.size, tokenizers.target.size)
    pairs = read(corpus, policy, tally)
    with Writer(folder, name, size, ROWS_PER_SHARD) as writer:
        while chunk := list(islice(pairs, CHUNK)):
            rows = list(_rows(chunk, policy, tokenizers, tally))
            for row in rows:
                source.add(row.source_text, len(row.source), row.source.count(UNKNOWN))
                target.add(row.target_text, len(row.target), row.target.count(UNKNOWN))
            writer.write(rows)
            kept += len(rows)
    if not kept:
        raise nothing_left(name, corpus, tally)
    sides = source.in_order(), target.in_order()
    return Split(tally.read, kept, tally.skipped, tally.places, *sides)


def _rows(
    chunk: list[Sentences], policy: Policy, tokenizers: Tokenizers, tally: Tally
) -> Iterator[Row]:
    sources = tokenizers.source.encode_lines([pair.source for pair in chunk])
    targets = tokenizers.target.encode_lines([pair.target for pair in chunk])
    for pair, source, target in zip(chunk, sources, targets, strict=True):
        fault = _fault(len(source), pair.source_place, policy.max_pieces) or _fault(
            len(target), pair.target_place, policy.max_pieces
        )
        if fault:
            policy.judge(fault, tally)
        else:
            yield Row(source, target, pair.source, pair.target)


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
