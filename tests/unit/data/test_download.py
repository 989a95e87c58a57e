"""Downloads from a server of this machine: good ones, broken ones, wrong ones."""

import gzip
import hashlib
import io
import logging
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.download_server import NAME, PACKED, TEXT, Server, running

from nmt.config.command_line import configuration
from nmt.data.download.download import Downloader, PackedText, PublicCorpus
from nmt.download import download, live_line
from nmt.runtime import locks
from nmt.runtime.errors import ConfigurationError, NmtError

FULL = Path("/dev/full")
MULTI30K = Path(__file__).parents[4] / "shared" / "data" / "multi30k"


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as state:
        yield state


def fetch(
    server: Server, folder: Path, tries: int = 1, max_bytes: int = 10**8, timeout: float = 5.0
) -> bool:
    file = PackedText(NAME, hashlib.sha256(TEXT).hexdigest())
    return Downloader(timeout, tries, 0.0, max_bytes)(server.address, file, folder, lambda *_: None)


def test_a_file_arrives_unpacked_and_nothing_else_is_left(server, tmp_path):
    assert fetch(server, tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / NAME).read_bytes() == TEXT
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == [NAME]


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    fetch(server, tmp_path)
    assert not fetch(server, tmp_path)
    assert server.asked == [""]


def test_an_altered_file_is_fetched_again(server, tmp_path):
    (tmp_path / NAME).write_text("something else\n")
    assert fetch(server, tmp_path)
    assert (tmp_path / NAME).read_bytes() == TEXT


def test_progress_counts_to_the_whole_file(server, tmp_path):
    told = []
    file = PackedText(NAME, hashlib.sha256(TEXT).hexdigest())
    Downloader(5.0, 1, 0.0, 10**8)(
        server.address, file, tmp_path, lambda *numbers: told.append(numbers)
    )
    assert told[-1] == (f"{NAME}.gz", len(PACKED), len(PACKED))
    assert len(told) > 1


def test_the_same_command_resumes_a_broken_download(server, tmp_path):
    server.breaks = [10_000]
    with pytest.raises(NmtError) as error:
        fetch(server, tmp_path)
    assert str(error.value) == (
        f"{server.address}/{NAME}.gz: broke off: 10000 of {len(PACKED)} bytes came (tried 1 times);"
        " 10000 bytes are kept; run the same command again to resume there"
    )
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.gz.part"]
    assert fetch(server, tmp_path)
    assert server.asked == ["", "bytes=10000-"]
    assert (tmp_path / NAME).read_bytes() == TEXT


def test_a_second_try_resumes_by_itself(server, tmp_path):
    server.breaks = [10_000, 5_000]
    assert fetch(server, tmp_path, tries=3)
    assert server.asked == ["", "bytes=10000-", "bytes=15000-"]
    assert (tmp_path / NAME).read_bytes() == TEXT


def test_a_server_without_ranges_sends_all_again(server, tmp_path):
    server.breaks, server.ranges = [10_000], False
    assert fetch(server, tmp_path, tries=2)
    assert server.asked == ["", "bytes=10000-"]
    assert (tmp_path / NAME).read_bytes() == TEXT


def test_a_whole_part_is_unpacked_without_fetching_a_byte(server, tmp_path):
    (tmp_path / f"{NAME}.gz.part").write_bytes(PACKED)
    assert fetch(server, tmp_path)
    assert server.asked == [f"bytes={len(PACKED)}-"]
    assert (tmp_path / NAME).read_bytes() == TEXT


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / f"{NAME}.gz.part").write_bytes(b"x" * (len(PACKED) + 7))
    assert fetch(server, tmp_path)
    assert server.asked == [f"bytes={len(PACKED) + 7}-", ""]
    assert (tmp_path / NAME).read_bytes() == TEXT


def test_a_wrong_sum_is_said_with_both_sums_and_the_text_is_not_kept(server, tmp_path):
    server.content = gzip.compress(b"another text\n")
    with pytest.raises(NmtError) as error:
        fetch(server, tmp_path)
    assert "\n" not in str(error.value)
    for part in (NAME, hashlib.sha256(TEXT).hexdigest()):
        assert part in str(error.value)
    assert hashlib.sha256(b"another text\n").hexdigest() in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_sum_leaves_the_file_that_was_there(server, tmp_path):
    (tmp_path / NAME).write_text("old\n")
    server.content = gzip.compress(b"another text\n")
    with pytest.raises(NmtError):
        fetch(server, tmp_path)
    assert (tmp_path / NAME).read_text() == "old\n"


@pytest.mark.parametrize("content", [PACKED[:-20_000], PACKED[:-4], b"<html>no such file</html>"])
def test_a_damaged_gzip_file_is_said_and_not_kept(server, tmp_path, content):
    server.content = content
    with pytest.raises(NmtError, match=r"not a whole gzip file .* run the same command again"):
        fetch(server, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_kept_of_another_file_is_fetched_again_at_once(server, tmp_path, caplog):
    (tmp_path / f"{NAME}.gz.part").write_bytes(b"\0" * 10_000)
    assert fetch(server, tmp_path)
    assert server.asked == ["bytes=10000-", ""]
    assert (tmp_path / NAME).read_bytes() == TEXT
    assert "what was kept from before is not trusted, fetching all of it" in caplog.text


@pytest.mark.parametrize("unasked", [False, True])
def test_a_server_that_sends_other_bytes_is_asked_again(server, tmp_path, unasked):
    if not unasked:
        (tmp_path / f"{NAME}.gz.part").write_bytes(PACKED[:10_000])
    server.headers = [{"Content-Range": "bytes 9999-", "Content-Length": "7"}]
    server.partial = unasked
    assert fetch(server, tmp_path, tries=2)
    assert (tmp_path / NAME).read_bytes() == TEXT


TOO_MUCH = (
    r"train\.de\.gz has more than fetch\.max_bytes=100000 bytes; it was removed; "
    r"raise fetch\.max_bytes=…, or fetch it from elsewhere"
)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "100001"}, {"Content-Length": "-1"}])
def test_a_server_that_sends_too_much_is_not_believed(server, tmp_path, headers):
    server.headers = [headers]
    with pytest.raises(NmtError, match=TOO_MUCH):
        fetch(server, tmp_path, max_bytes=100_000)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_unpacks_to_too_much_is_not_believed(server, tmp_path):
    server.content = gzip.compress(b"\0" * 10_000_000)
    assert len(server.content) < 100_000
    with pytest.raises(NmtError, match=TOO_MUCH):
        fetch(server, tmp_path, max_bytes=100_000)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_the_disk_has_no_room_for_is_not_begun(server, tmp_path):
    server.headers = [{"Content-Length": str(10**18)}]
    with pytest.raises(NmtError, match=r"gz\.part needs 1000000000000\.0 MB, and its disk has"):
        fetch(server, tmp_path, max_bytes=10**19)
    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_is_given_up_and_what_came_is_kept(server, tmp_path):
    server.pause = 0.5
    with pytest.raises(NmtError, match=r"broke off: timed out .*; 4096 bytes are kept; run the"):
        fetch(server, tmp_path, timeout=0.1)
    assert (tmp_path / f"{NAME}.gz.part").read_bytes() == PACKED[:4096]


def test_a_second_process_is_told_who_fetches(server, tmp_path):
    with (
        locks.locked(tmp_path),
        pytest.raises(locks.LockedError, match=f"is being written by process {os.getpid()} on"),
    ):
        fetch(server, tmp_path)
    assert server.asked == []


def test_what_a_killed_process_left_beside_the_right_text_is_taken_away(server, tmp_path):
    fetch(server, tmp_path)
    for name in (f"{NAME}.gz.part", f"{NAME}.unpacked", ".lock"):
        (tmp_path / name).write_text("left")
    assert not fetch(server, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_beside_another_process_nothing_is_taken_away(server, tmp_path):
    fetch(server, tmp_path)
    (tmp_path / f"{NAME}.gz.part").write_text("left")
    with locks.locked(tmp_path):
        assert not fetch(server, tmp_path)
        assert not locks.free(tmp_path)
    assert (tmp_path / f"{NAME}.gz.part").exists()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
def test_a_disk_that_fills_while_receiving_is_said_once(server, tmp_path):
    (tmp_path / f"{NAME}.gz.part").symlink_to(FULL)
    with pytest.raises(NmtError) as error:
        fetch(server, tmp_path, tries=3)
    assert str(error.value) == (
        f"{tmp_path / NAME}.gz.part cannot be written: No space left on device; 0 bytes are kept; "
        "make room, then run the same command again to resume there"
    )
    assert len(server.asked) == 1


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
def test_a_disk_that_fills_while_unpacking_leaves_what_was_received(server, tmp_path):
    (tmp_path / f"{NAME}.unpacked").symlink_to(FULL)
    with pytest.raises(NmtError) as error:
        fetch(server, tmp_path)
    assert str(error.value) == (
        f"{tmp_path / NAME} cannot be written: No space left on device; what was received is kept; "
        "make room, then run the same command again"
    )
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.gz.part"]
    assert fetch(server, tmp_path)
    assert server.asked == ["", f"bytes={len(PACKED)}-"]


def test_a_missing_file_is_said_at_once(server, tmp_path):
    server.address = server.address.replace("raw", "elsewhere")
    with pytest.raises(NmtError, match=r"elsewhere/train.de.gz: the server says 404 Not Found"):
        fetch(server, tmp_path, tries=3)
    assert len(server.asked) == 1


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.states = [503]
    assert fetch(server, tmp_path, tries=2)
    assert (tmp_path / NAME).read_bytes() == TEXT


def test_no_server_is_said_in_one_line(tmp_path):
    with pytest.raises(NmtError) as error:
        fetch(Server(address="http://127.0.0.1:1/raw"), tmp_path, tries=2)
    expected = (
        r"http://127.0.0.1:1/raw/train.de.gz: cannot be reached: .*Connection refused "
        r"\(tried 2 times\); check the network, then run the same command again"
    )
    assert re.fullmatch(expected, str(error.value))


def test_a_folder_that_is_a_file_is_said(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NmtError, match=r"the folder .*file cannot be made: File exists"):
        fetch(server, tmp_path / "file")


def test_an_address_that_is_not_of_the_web_is_refused():
    with pytest.raises(ConfigurationError, match="'file:///etc' does not begin with https://"):
        PublicCorpus("file:///etc", "data", "nobody", "none", [])


def test_the_command_fetches_all_files_and_says_the_licence(server, tmp_path, caplog):
    digest = hashlib.sha256(TEXT).hexdigest()
    file = f"{{_target_:nmt.data.download.download.PackedText,name:{NAME},sha256:{digest}}}"
    overrides = [f"corpus.address={server.address}", f"folder={tmp_path}", f"corpus.files=[{file}]"]
    with caplog.at_level(logging.INFO):
        download(configuration("download", ["multi30k", *overrides], ("corpus",)))
    assert (tmp_path / NAME).read_bytes() == TEXT
    assert "for non-commercial research and education" in caplog.messages[0]
    assert caplog.messages[-1] == "1 files fetched, 0 were there"


def test_the_command_expects_the_text_of_multi30k(server, tmp_path):
    overrides = [f"corpus.address={server.address}", f"folder={tmp_path}"]
    with pytest.raises(NmtError, match="expected 2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3"):
        download(configuration("download", ["multi30k", *overrides], ("corpus",)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not MULTI30K.is_dir(), reason=f"{MULTI30K} is not there")
def test_the_sums_are_those_of_the_real_files():
    for file in configuration("download", [], ()).corpus.files:
        text = (MULTI30K / file.name).read_bytes()
        assert hashlib.sha256(text).hexdigest() == file.sha256


@pytest.mark.parametrize(
    ("terminal", "shown"), [(True, "\ra.gz  0.50 of 2.00 MB\ra.gz  2.00 of 2.00 MB\n"), (False, "")]
)
def test_progress_is_live_on_a_terminal_and_silent_elsewhere(monkeypatch, terminal, shown):
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    monkeypatch.setattr(sys, "stderr", stream)
    live_line("a.gz", 500_000, 2_000_000)
    live_line("a.gz", 2_000_000, 2_000_000)
    assert stream.getvalue() == shown
