"""Full and read-only disks during preparations and downloads: one line, and nothing incomplete."""

import gzip
import hashlib
import os

import pytest
from helpers.download_server import NAME, TEXT, Server, running
from helpers.full_disks import longest_file, run
from helpers.preparations import LINES, SETTINGS, preparation
from helpers.shards import chunk

from nmt.config.command_line import configuration
from nmt.data.preparation.shards import Shards, ShardWriter
from nmt.data.tokenization.training import UnigramTrainer
from nmt.prepare import prepared
from nmt.runtime import staged_folder
from nmt.runtime.errors import NmtError

FILE = (
    f"{{_target_:nmt.data.download.download.PackedText,name:{NAME},"
    f"sha256:{hashlib.sha256(TEXT).hexdigest()}}}"
)


@pytest.mark.parametrize("limit", [10, 100_000])
def test_a_preparation_that_fills_the_disk_is_an_error_and_leaves_no_files(tmp_path, limit):
    making = preparation(tmp_path, trainer=UnigramTrainer(*SETTINGS))
    root = tmp_path / "prepared"
    with longest_file(limit), pytest.raises(NmtError, match="cannot be written: File too large"):
        making(root)
    assert list(root.iterdir()) == []
    assert len(making(root).train) == len(LINES)


def test_shards_that_fill_the_disk_leave_no_files(tmp_path):
    def fill(empty):
        with ShardWriter(empty, "train", 90, 100) as writer:
            writer.write(chunk([([4], [5], "a", "b" * 1000)] * 10, 90))

    with longest_file(5_000), pytest.raises(NmtError) as caught:
        staged_folder.build(tmp_path / "a-0", 0, fill)
    assert str(caught.value) == (
        f"{tmp_path / 'a-0'} cannot be written: File too large; "
        "free some space, or choose another with prepared=…"
    )
    assert list(tmp_path.iterdir()) == []
    staged_folder.build(tmp_path / "a-0", 0, fill)
    assert len(Shards(tmp_path / "a-0", "train")) == 10


def test_space_is_checked_before_anything_is_written(tmp_path):
    folder = tmp_path / "prepared" / "a-0123456789ab"
    with pytest.raises(NmtError, match=r"a-0123456789ab needs 1000000000000\.0 MB, and its disk"):
        staged_folder.build(folder, 10**18, lambda empty: (empty / "never").touch())
    assert list(folder.parent.iterdir()) == []


def corpus(folder, copies):
    """Write a packed corpus, and return the arguments that prepare it."""
    arguments = ["data=files", "tokenizer.size=90", "filter.max_characters=1000"]
    for split, times in (("train", copies), ("valid", 1)):
        for side, lines in (("source", LINES), ("target", LINES)):
            path = folder / f"{split}.{side}.gz"
            path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines * times).encode()))
            arguments.append(f"data.{split}.{side}=[{path}]")
    return arguments


def test_a_small_disk_that_fills_while_preparing_is_left_empty(tmp_path):
    (tmp_path / "prepared").mkdir()
    arguments = corpus(tmp_path, 400)  # some 3.5 MB of text, which is 60 KB packed
    mount = "-t tmpfs -o size=3m none"
    status, stderr, files = run(
        mount, tmp_path / "prepared", "nmt.prepare", *arguments, cwd=tmp_path
    )
    assert (status, files) == (2, [])
    assert stderr.splitlines()[-1].startswith("error: prepared/files-")
    assert " cannot be written: No space left on device; free some" in stderr.splitlines()[-1]
    assert "Traceback" not in stderr


def test_a_small_disk_that_fills_while_downloading_is_left_empty(tmp_path):
    (tmp_path / "text").mkdir()
    with running(Server()) as server:
        arguments = [f"corpus.address={server.address}", "folder=text", f"corpus.files=[{FILE}]"]
        mount = "-t tmpfs -o size=100k none"
        status, stderr, files = run(
            mount, tmp_path / "text", "nmt.download", "multi30k", *arguments, cwd=tmp_path
        )
    assert len(TEXT) > 100_000
    assert (status, files) == (2, [])
    assert f"error: text/{NAME} needs {len(TEXT) / 1e6:.1f} MB, and its" in stderr.splitlines()[-1]
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["nmt.prepare"],
            "error: the folder prepared is not writable; choose another with prepared=",
        ),
        (
            ["nmt.download", "multi30k", "folder=prepared"],
            "error: the folder prepared is not writable; choose another with folder=…",
        ),
    ],
)
def test_a_read_only_folder_is_named(tmp_path, command, message):
    (tmp_path / "prepared").mkdir()
    mount = "-t tmpfs -o ro none"
    status, stderr, files = run(mount, tmp_path / "prepared", *command, cwd=tmp_path)
    assert (status, files) == (2, [])
    assert stderr.splitlines()[-1].startswith(message)
    assert "Traceback" not in stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    root = tmp_path / "prepared"
    root.mkdir()
    root.chmod(0o500)
    with pytest.raises(NmtError, match=r"prepared is not writable; choose another with prepared=…"):
        preparation(tmp_path)(root)


def test_a_prepared_corpus_is_read_from_a_read_only_disk(tmp_path):
    arguments = corpus(tmp_path, 1)
    (tmp_path / "prepared").mkdir()
    to = f"prepared={tmp_path / 'prepared'}"
    folder = prepared(configuration("prepare", [*arguments, to], ())).folder
    mount = f"--bind -o ro {tmp_path / 'prepared'}"
    status, stderr, files = run(
        mount, tmp_path / "prepared", "nmt.prepare", *arguments, cwd=tmp_path
    )
    assert (status, files) == (0, sorted(map(str, folder.iterdir())))
    assert "text and settings are those of prepared/files-" in stderr
