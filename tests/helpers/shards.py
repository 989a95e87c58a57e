"""Chunks of shards from a list of rows."""

from collections.abc import Sequence

import pyarrow as pa

from nmt.data.preparation.shards import EncodedRows, pack

Row = tuple[Sequence[int], Sequence[int], str, str]
"""Ids of source and target, and their texts."""


def chunk(rows: Sequence[Row], vocabulary_size: int) -> pa.RecordBatch:
    """Pack rows into the columns of a shard."""
    return pack(
        EncodedRows(*([row[column] for row in rows] for column in range(4))), vocabulary_size
    )
