"""Any bytes in a prepared folder are rejected in one line, or leave the data as it was."""

import json
import shutil

import numpy as np
import pytest
from helpers.fuzzing import cases
from helpers.preparations import preparation
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.data.preparation.preparation import PreparedCorpus
from nmt.runtime import checksums
from nmt.runtime.errors import NmtError

NAMES = ["train-00000.arrow", "valid-00000.arrow", "report.json", "SHA256SUMS"]
TENTHS = [tenth / 10 for tenth in range(10)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("fuzz")
    return preparation(root)(root / "prepared").folder


def everything(done):
    """Return all that training reads."""
    done.report.log()
    parts = [done.report, done.tokenizers.source.data, done.tokenizers.target.data]
    for shards in (done.train, done.valid):
        rows = np.arange(len(shards))
        for ids in (shards.sources(rows), shards.targets(rows)):
            parts += [ids.values.tolist(), ids.lengths.tolist()]
        parts += [shards.source_texts(rows), shards.target_texts(rows)]
        parts.append(shards.source_lengths.tolist())
    return parts


def check(folder, name, data, consistent):
    """Load the folder with other bytes in one file, under their own checksum or the old one."""
    copy = folder.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    (copy / name).unlink()
    (copy / name).write_bytes(data)
    if consistent and name != "SHA256SUMS":
        (copy / "SHA256SUMS").unlink()
        checksums.write_all(copy)
    try:
        loaded = everything(PreparedCorpus.load(copy))
    except NmtError as error:
        assert "\n" not in str(error)
        assert str(copy) in str(error)
    else:
        assert consistent or loaded == everything(PreparedCorpus.load(folder))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("consistent", [True, False])
def test_a_file_that_is_truncated_is_rejected(folder, name, consistent):
    data = (folder / name).read_bytes()
    for tenth in TENTHS:
        check(folder, name, data[: int(tenth * len(data))], consistent)
    check(folder, name, data[:-1], consistent)


@st.composite
def damages(draw):
    """Return positions, as shares of a file, and what happens to the byte there."""
    positions = draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=4))
    return [(position, draw(st.integers(0, 255))) for position in positions]


@settings(max_examples=cases(25), deadline=None)
@given(st.sampled_from(NAMES), damages(), st.sampled_from(["flip", "set", "insert"]), st.booleans())
def test_altered_bytes_are_rejected_or_change_nothing(folder, name, damage, how, consistent):
    data = bytearray((folder / name).read_bytes())
    for position, byte in damage:
        index = int(position * len(data))
        if how == "flip":
            data[index] ^= 1 << byte % 8
        elif how == "set":
            data[index] = byte
        else:
            data.insert(index, byte)
    check(folder, name, bytes(data), consistent)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)


@settings(max_examples=cases(15), deadline=None)
@given(st.data(), JSON)
def test_a_report_with_another_value_anywhere_is_rejected_or_read(folder, data, value):

    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    node, key = report, data.draw(st.sampled_from(sorted(report)))
    while isinstance(node[key], dict) and node[key] and data.draw(st.booleans()):
        node, key = node[key], data.draw(st.sampled_from(sorted(node[key])))
    node[key] = value
    check(folder, "report.json", json.dumps(report).encode(), True)
