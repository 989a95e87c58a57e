"""An encoded corpus on disk, in Arrow files that are mapped into memory rather than read.

A shard is an Arrow IPC file of record batches ("chunks") with the columns `source` and `target`
(lists of ids) and `source_text` and `target_text`. So a corpus may be larger than memory, and
processes that read it share one copy.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Int, Integer

from nmt.data.ragged import Ragged
from nmt.runtime import cpus
from nmt.runtime.errors import DamagedError, NmtError

SIDES = ("source", "target")


@dataclass(frozen=True)
class EncodedRows:
    """Encoded pairs, each a row.

    Attributes:
        source: ids of the source pieces, without BEGIN and END.
        target: ids of the target pieces, without BEGIN and END.
        source_text: the source sentences.
        target_text: the target sentences.
    """

    source: Sequence[Sequence[int]]
    target: Sequence[Sequence[int]]
    source_text: Sequence[str]
    target_text: Sequence[str]


def pack(rows: EncodedRows, vocabulary_size: int) -> pa.RecordBatch:
    """Return rows in the columns of a shard, ready to be written or sent to another process.

    Args:
        rows: of one chunk.
        vocabulary_size: greater than all ids; decides the width of the integers.
    """
    schema = _schema(_integer(vocabulary_size))
    columns = [pa.array(getattr(rows, column.name), column.type) for column in schema]
    return pa.record_batch(columns, schema=schema)


class ShardWriter:
    """Writes the shards of one split, `NAME-00000.arrow` and so on; a context manager."""

    def __init__(self, folder: Path, name: str, vocabulary_size: int, rows_per_shard: int) -> None:
        """Make no file yet.

        Args:
            folder: of the files.
            name: with which the files' names begin.
            vocabulary_size: greater than all ids; decides the width of the integers.
            rows_per_shard: after which, at the end of a chunk, the next file begins.
        """
        self._folder, self._name, self._rows_per_shard = folder, name, rows_per_shard
        self._schema = _schema(_integer(vocabulary_size))
        self._file: pa.ipc.RecordBatchFileWriter | None = None
        self._shards = self._rows = 0

    def write(self, chunk: pa.RecordBatch) -> None:
        """Append a chunk from `pack`; readers of its text hold all its rows in memory."""
        if not len(chunk):
            return
        if self._file is None:
            path = self._folder / f"{self._name}-{self._shards:05d}.arrow"
            self._file = pa.ipc.new_file(str(path), self._schema)
        self._file.write_batch(chunk)
        self._rows += len(chunk)
        if self._rows >= self._rows_per_shard:
            self.close()

    def close(self) -> None:
        """Complete the current file."""
        if self._file is not None:
            self._file.close()
            self._file, self._rows = None, 0
            self._shards += 1

    def __enter__(self) -> "ShardWriter":
        """Return the writer."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Complete the last file."""
        self.close()


class Shards:
    """The rows of one split, numbered from 0 across all its files."""

    def __init__(self, folder: Path, name: str) -> None:
        """Map the files `NAME-*.arrow` of a folder, in order.

        Raises:
            DamagedError: if a file is not one that a `ShardWriter` wrote.
            NmtError: if a file may not be read.
        """
        self._paths = sorted(folder.glob(f"{name}-*.arrow"))
        cpus.map_in_threads(_check_file, self._paths)
        self._chunks = [chunk for path in self._paths for chunk in _chunks(path)]
        sizes = [chunk.num_rows for chunk in self._chunks]
        self._starts = np.cumsum([0, *sizes], dtype=np.int64)
        self._ids = {side: [_Column.of(chunk, side) for chunk in self._chunks] for side in SIDES}

    def check_ids(self, source_pieces: int, target_pieces: int, folder: Path) -> None:
        """Check that all ids are in the vocabularies, since others would read foreign memory.

        Raises:
            DamagedError: names an id that is not.
        """
        for side, pieces in (("source", source_pieces), ("target", target_pieces)):
            for path in self._paths:
                invalid = _invalid_id(path, side, pieces)
                if invalid is not None:
                    message = f"the shards in {folder} have the {side} id {invalid}"
                    raise DamagedError(f"{message}, of {pieces} pieces", folder)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return int(self._starts[-1])

    def source_text(self, row: int) -> str:
        """Return a source sentence as it was read."""
        return self.source_texts(np.array([row]))[0]

    def target_text(self, row: int) -> str:
        """Return a target sentence as it was read."""
        return self.target_texts(np.array([row]))[0]

    def sources(self, rows: Int[np.ndarray, " rows"]) -> Ragged:
        """Copy the ids of these source sentences, in this order."""
        return self._gather("source", rows)

    def targets(self, rows: Int[np.ndarray, " rows"]) -> Ragged:
        """Copy the ids of these target sentences, in this order."""
        return self._gather("target", rows)

    def source_texts(self, rows: Int[np.ndarray, " rows"]) -> list[str]:
        """Copy these source sentences, in this order."""
        return self._texts("source_text", rows)

    def target_texts(self, rows: Int[np.ndarray, " rows"]) -> list[str]:
        """Copy these target sentences, in this order."""
        return self._texts("target_text", rows)

    @cached_property
    def source_lengths(self) -> Int[np.ndarray, " rows"]:
        """Pieces of each source sentence, without BEGIN and END."""
        return self._lengths("source")

    @cached_property
    def target_lengths(self) -> Int[np.ndarray, " rows"]:
        """Pieces of each target sentence, without BEGIN and END."""
        return self._lengths("target")

    def _lengths(self, side: str) -> Int[np.ndarray, " rows"]:
        lengths = [np.diff(column.offsets) for column in self._ids[side]]
        return np.concatenate([np.zeros(0, np.int32), *lengths])

    def _gather(self, side: str, rows: Int[np.ndarray, " rows"]) -> Ragged:
        parts = [self._ids[side][chunk].take(local) for chunk, local in self._by_chunk(rows)]
        if not parts:
            return Ragged.from_lists([])
        lengths = np.concatenate([part.lengths for part in parts])
        values = np.concatenate([part.values for part in parts])
        return Ragged(values, np.cumsum(lengths) - lengths, lengths).take(_ranks(rows))

    def _texts(self, column: str, rows: Int[np.ndarray, " rows"]) -> list[str]:
        texts: list[str] = []
        for chunk, local in self._by_chunk(rows):
            texts.extend(self._chunks[chunk].column(column).take(pa.array(local)).to_pylist())
        return [texts[rank] for rank in _ranks(rows)]

    def _by_chunk(
        self, rows: Int[np.ndarray, " rows"]
    ) -> Iterator[tuple[int, Int[np.ndarray, " local"]]]:
        """Yield each chunk's number and its share of the rows, ascending, counted within it."""
        ascending = np.sort(rows, kind="stable")
        cuts = np.searchsorted(ascending, self._starts)
        for chunk in np.flatnonzero(np.diff(cuts)):
            part = ascending[cuts[chunk] : cuts[chunk + 1]]
            yield int(chunk), part - self._starts[chunk]


@dataclass(frozen=True)
class _Column:
    """Views of a chunk's ids in the file; nothing is copied."""

    values: Integer[np.ndarray, " ids"]
    offsets: Int[np.ndarray, " rows_and_end"]

    @classmethod
    def of(cls, chunk: pa.RecordBatch, side: str) -> "_Column":
        column = chunk.column(side)
        return cls(column.values.to_numpy(), column.offsets.to_numpy())

    def take(self, rows: Int[np.ndarray, " taken"]) -> Ragged:
        starts = self.offsets[rows].astype(np.int64)
        return Ragged(self.values, starts, self.offsets[rows + 1] - starts).compact()


def _ranks(rows: Int[np.ndarray, " rows"]) -> Int[np.ndarray, " rows"]:
    """Return the position of each row among the sorted rows."""
    return np.argsort(np.argsort(rows, kind="stable"), kind="stable")


def _integer(vocabulary_size: int) -> pa.DataType:
    return pa.uint16() if vocabulary_size <= 1 << 16 else pa.int32()


def _schema(integer: pa.DataType) -> pa.Schema:
    ids, text = pa.list_(integer), pa.large_string()
    return pa.schema({"source": ids, "target": ids, "source_text": text, "target_text": text})


def _chunks(path: Path) -> list[pa.RecordBatch]:
    with _reported(path):
        file = pa.ipc.open_file(pa.memory_map(str(path)))
        if file.schema not in (_schema(pa.uint16()), _schema(pa.int32())):
            raise pa.ArrowInvalid("other columns than those of a shard")
        return [file.get_batch(number) for number in range(file.num_record_batches)]


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise NmtError(f"{path} cannot be read: {os.strerror(error.errno)}") from error
        reason = " ".join(str(error).split())
        raise DamagedError(f"{path} is damaged ({reason})", path.parent) from error


def _check_file(path: Path) -> None:
    """Validate a whole file in a mapping of its own, whose pages are freed afterwards."""
    with _reported(path):
        for chunk in _chunks(path):
            _check_chunk(chunk)


def _check_chunk(chunk: pa.RecordBatch) -> None:
    """Validate all offsets and texts, which Arrow itself follows without any check.

    Raises:
        pa.ArrowInvalid: if an offset leaves its buffer, a text is not UTF-8, or a value is missing.
    """
    chunk.validate(full=True)
    columns = [*chunk.columns, *(chunk.column(side).values for side in SIDES)]
    if any(column.null_count for column in columns):
        raise pa.ArrowInvalid("a value is missing")


def _invalid_id(path: Path, side: str, pieces: int) -> int | None:
    """Return an id of a file that is outside the vocabulary, if any; maps as `_check_file`."""
    for chunk in _chunks(path):
        ids = _Column.of(chunk, side).values
        for extreme in (int(ids.min()), int(ids.max())) if ids.size else ():
            if not 0 <= extreme < pieces:
                return extreme
    return None
