"""Small prepared shards of random words, and chunks of shards from a list of rows."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa

from nmt.data.preparation.shards import EncodedRows, Shards, ShardWriter, pack
from nmt.data.tokenization.training import JointVocabulary, UnigramTrainer

Row = tuple[Sequence[int], Sequence[int], str, str]
"""Ids of source and target, and their texts."""

RANDOM = np.random.default_rng(3)
WORDS = ["".join(RANDOM.choice(list("abcdefg"), RANDOM.integers(1, 6))) for _ in range(90)]
TEXTS = [
    (" ".join(RANDOM.choice(WORDS, RANDOM.integers(1, 9))), f"{i} {RANDOM.choice(WORDS)}")
    for i in range(60)
]


@cache
def tokenizers():
    unigram = UnigramTrainer(90, 1.0, [], False, "nmt_nfkc", 1000, 1)
    return JointVocabulary()(unigram, lambda: TEXTS)


def written(folder):
    """Write TEXTS into a folder, and return the shards."""
    with ShardWriter(folder, "train", 120, 60) as writer:
        for start in range(0, len(TEXTS), 20):
            sources, targets = zip(*TEXTS[start : start + 20], strict=True)
            ids = [tokenizers().source.encode_lines(side) for side in (sources, targets)]
            writer.write(pack(EncodedRows(*ids, sources, targets), 120))
    return Shards(folder, "train")


def chunk(rows: Sequence[Row], vocabulary_size: int) -> pa.RecordBatch:
    """Pack rows into the columns of a shard."""
    return pack(
        EncodedRows(*([row[column] for row in rows] for column in range(4))), vocabulary_size
    )
