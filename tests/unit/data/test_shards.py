"""Shards return exactly what was written, in any number of files and chunks."""

from itertools import chain

import numpy as np
import pyarrow as pa
import pytest
from helpers.shards import chunk
from hypothesis import given
from hypothesis import strategies as st

from nmt.data.preparation.shards import Shards, ShardWriter
from nmt.data.ragged import Ragged
from nmt.runtime.errors import DamagedError, NmtError

IDS = st.lists(st.integers(0, 65_535), max_size=6)


def row(number):
    ids = list(range(number, number + number % 5))
    return ids, [*ids[::-1], 7], f"Quelle {number} ü", f"target {number}"


def written(folder, count, *, together=3, shard=7, size=40_000):
    with ShardWriter(folder, "train", size, shard) as writer:
        for start in range(0, count, together):
            rows = [row(i) for i in range(start, min(count, start + together))]
            writer.write(chunk(rows, size))
    return Shards(folder, "train")


def rows(ragged):
    ends = ragged.starts + ragged.lengths
    return [ragged.values[a:b].tolist() for a, b in zip(ragged.starts, ends, strict=True)]


@pytest.mark.parametrize("count", [0, 1, 3, 9, 20])
def test_rows_are_read_as_they_were_written(tmp_path, count):
    shards = written(tmp_path, count)
    assert len(shards) == len(shards.source_lengths) == len(shards.target_lengths) == count
    for i in range(count):
        source, target, source_text, target_text = row(i)
        assert rows(shards.sources(np.array([i]))) == [source]
        assert rows(shards.targets(np.array([i]))) == [target]
        assert shards.source_text(i) == source_text
        assert shards.target_text(i) == target_text
        assert shards.source_lengths[i] == len(source)
        assert shards.target_lengths[i] == len(target)


def test_a_file_is_complete_once_it_has_its_rows(tmp_path):
    written(tmp_path, 20)
    names = [f"train-{number:05d}.arrow" for number in range(3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_many_rows_come_in_the_order_of_the_request_and_may_repeat(tmp_path):
    shards = written(tmp_path, 20)
    order = np.array([19, 0, 7, 7, 3, 12, 0])
    sources, targets, source_texts, target_texts = zip(*map(row, order), strict=True)
    assert rows(shards.sources(order)) == list(sources)
    assert rows(shards.targets(order)) == list(targets)
    assert shards.source_texts(order) == list(source_texts)
    assert shards.target_texts(order) == list(target_texts)
    assert rows(shards.sources(order[:0])) == shards.source_texts(order[:0]) == []


@pytest.mark.parametrize(("size", "largest"), [(1 << 16, 65_535), (1 << 17, 131_071)])
def test_ids_are_stored_in_a_type_wide_enough_for_the_vocabulary(tmp_path, size, largest):
    with ShardWriter(tmp_path, "train", size, 10) as writer:
        writer.write(chunk([([largest], [0, largest], "a", "b")], size))
    shards = Shards(tmp_path, "train")
    assert shards.sources(np.array([0])).values.tolist() == [largest]
    assert shards.targets(np.array([0])).values.itemsize == (2 if size <= 1 << 16 else 4)


def test_a_damaged_file_is_named(tmp_path):
    written(tmp_path, 20)
    path = tmp_path / "train-00001.arrow"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DamagedError, match=r"train-00001\.arrow is damaged .* delete the folder"):
        Shards(tmp_path, "train")


def ids(offsets, *, missing=False):
    values = pa.array([4, None if missing else 5, 6], pa.uint16())
    return pa.ListArray.from_buffers(
        pa.list_(pa.uint16()),
        len(offsets) - 1,
        [None, pa.array(offsets, pa.int32()).buffers()[1]],
        children=[values],
    )


def texts(data):
    offsets = pa.array([0, 1, len(data)], pa.int64()).buffers()[1]
    return pa.LargeStringArray.from_buffers(2, offsets, pa.py_buffer(data))


GOOD, TEXTS = ids([0, 1, 3]), texts(b"ab")
INVALID = {
    "offsets beyond the ids": (ids([0, 1 << 30, 3]), TEXTS),
    "offsets before the ids": (ids([0, -(1 << 30), 3]), TEXTS),
    "a missing sentence": (pa.array([[4], None], pa.list_(pa.uint16())), TEXTS),
    "a missing id": (ids([0, 1, 3], missing=True), TEXTS),
    "a missing text": (GOOD, pa.array(["a", None], pa.large_string())),
    "a text that is not UTF-8": (GOOD, texts(b"a\xff")),
    "floating ids": (pa.array([[0.5], []], pa.list_(pa.float32())), TEXTS),
    "short texts": (GOOD, pa.array(["a", "b"])),
}


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_file_is_rejected_before_its_offsets_are_used(tmp_path, name):
    column, text = INVALID[name]
    batch = pa.record_batch(
        [GOOD, column, TEXTS, text],
        names=["source", "target", "source_text", "target_text"],
    )
    with pa.ipc.new_file(str(tmp_path / "train-00000.arrow"), batch.schema) as file:
        file.write_batch(batch)
    with pytest.raises(DamagedError, match=r"train-00000\.arrow is damaged \("):
        Shards(tmp_path, "train")


def test_a_file_that_may_not_be_read_is_not_damaged(tmp_path):
    (tmp_path / "train-00000.arrow").symlink_to(tmp_path / "none")
    with pytest.raises(NmtError, match=r"train-00000\.arrow cannot be read: .*No such") as caught:
        Shards(tmp_path, "train")
    assert not isinstance(caught.value, DamagedError)


def test_an_id_beyond_the_vocabulary_is_named(tmp_path):
    shards = written(tmp_path, 20)  # sources to 19 + 3, targets the same
    shards.check_ids(23, 23, tmp_path)
    with pytest.raises(DamagedError, match=r"have the target id 22, of 22 pieces; delete the"):
        shards.check_ids(23, 22, tmp_path)
    with pytest.raises(DamagedError, match=r"have the source id 22, of 22 pieces; delete the"):
        shards.check_ids(22, 23, tmp_path)
    (tmp_path / "wide").mkdir()
    with ShardWriter(tmp_path / "wide", "train", 1 << 17, 10) as writer:
        writer.write(chunk([([-1], [4], "a", "b")], 1 << 17))
    with pytest.raises(DamagedError, match=r"have the source id -1, of 22 pieces"):
        Shards(tmp_path / "wide", "train").check_ids(22, 22, tmp_path)


@given(st.lists(IDS, max_size=8), st.data())
def test_ragged_rows_are_taken_compacted_and_concatenated_as_lists_are(lists, data):
    ragged = Ragged.from_lists(lists)
    assert rows(ragged) == lists
    order = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=9)) if lists else []
    taken = ragged.take(np.array(order, np.int64))
    assert rows(taken) == rows(taken.compact()) == [lists[row] for row in order]
    assert len(taken.compact().values) == sum(len(lists[row]) for row in order)
    cut = data.draw(st.integers(0, len(lists)))
    halves = ragged.concatenate([cut, 0, len(lists) - cut])
    assert rows(halves) == [list(chain(*lists[:cut])), [], list(chain(*lists[cut:]))]
