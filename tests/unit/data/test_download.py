"""Downloads from a local server: good ones, broken ones, wrong ones."""

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
from helpers.full_disks import longest_file

from nmt.config.command_line import configuration
from nmt.data.download.download import Downloader, PackedText, PublicCorpus
from nmt.download import download, live_line
from nmt.runtime import locks
from nmt.runtime.errors import ConfigurationError, NmtError

MULTI30K = Path(__file__).parents[4] / "shared" / "data" / "multi30k"
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as state:
        yield state


def fetch(
    server: Server, folder: Path, tries: int = 1, max_bytes: int = 10**8, timeout: float = 5.0
) -> bool:
    file = PackedText(NAME, SHA256)
    return Downloader(timeout, tries, 0.0, max_bytes)(server.address, file, folder, lambda *_: None)


def test_a_file_is_downloaded_and_unpacked_without_other_files(server, tmp_path):
    assert fetch(server, tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / NAME).read_bytes() == TEXT
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == [NAME]


def test_an_existing_file_is_not_downloaded_again(server, tmp_path):
    fetch(server, tmp_path)
    assert not fetch(server, tmp_path)
    assert server.requests == 1


def test_an_altered_file_is_downloaded_again(server, tmp_path, caplog):
    (tmp_path / NAME).write_text("something else\n")
    assert fetch(server, tmp_path)
    assert (tmp_path / NAME).read_bytes() == TEXT
    assert "train.de has another checksum than expected; downloading it again" in caplog.text


def test_progress_counts_to_the_whole_file(server, tmp_path):
    calls = []
    file = PackedText(NAME, SHA256)
    Downloader(5.0, 1, 0.0, 10**8)(
        server.address, file, tmp_path, lambda *numbers: calls.append(numbers)
    )
    assert calls[-1] == (f"{NAME}.gz", len(PACKED), len(PACKED))
    assert len(calls) > 1


def test_a_broken_connection_leaves_nothing_and_is_named(server, tmp_path):
    server.breaks = [10_000]
    with pytest.raises(NmtError) as error:
        fetch(server, tmp_path)
    assert str(error.value) == (
        f"{server.address}/{NAME}.gz: broke off: 10000 of {len(PACKED)} bytes were received"
        " (tried 1 times); check the network, then run the same command again"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_broken_connection_is_tried_again(server, tmp_path, caplog):
    server.breaks = [10_000, 5_000]
    assert fetch(server, tmp_path, tries=3)
    assert server.requests == 3
    assert (tmp_path / NAME).read_bytes() == TEXT
    assert f"broke off: 5000 of {len(PACKED)} bytes were received; trying again" in caplog.text


def test_a_wrong_checksum_is_named_with_the_right_one_and_the_text_is_not_kept(server, tmp_path):
    server.content = gzip.compress(b"another text\n")
    with pytest.raises(NmtError) as error:
        fetch(server, tmp_path)
    assert "\n" not in str(error.value)
    for part in (NAME, SHA256, hashlib.sha256(b"another text\n").hexdigest()):
        assert part in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_checksum_leaves_the_existing_file(server, tmp_path):
    (tmp_path / NAME).write_text("old\n")
    server.content = gzip.compress(b"another text\n")
    with pytest.raises(NmtError):
        fetch(server, tmp_path)
    assert (tmp_path / NAME).read_text() == "old\n"


@pytest.mark.parametrize("content", [PACKED[:-20_000], PACKED[:-4], b"<html>no such file</html>"])
def test_a_damaged_gzip_file_is_named_and_not_kept(server, tmp_path, content):
    server.content = content
    message = r"train\.de\.gz: not a complete gzip file .* run the same command again"
    with pytest.raises(NmtError, match=message):
        fetch(server, tmp_path)
    assert list(tmp_path.iterdir()) == []


ODD = [
    *["http://[::1", "http://[a]b/", f"http://{'a' * 70}.example", "http://a\u202eb.example/raw"],
    *[
        "http://localhost:x",
        "http://a b",
        "http://a..b",
        "http://\x7f",
    ],
    "http://127.0.0.1/\u202e",
]


@pytest.mark.parametrize("address", ODD, ids=range(len(ODD)))
def test_an_address_that_cannot_be_requested_is_named_and_not_tried_again(tmp_path, address):
    file = PackedText(NAME, SHA256)
    with pytest.raises(NmtError, match=r"cannot be requested .* another address") as error:
        Downloader(5.0, 1, 0.0, 10**8)(address, file, tmp_path, lambda *_: None)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "target", ["http://[::1", f"http://{'a' * 70}.example/", "//[", "file:///"]
)
def test_a_redirect_that_cannot_be_followed_is_named(server, tmp_path, target):
    server.redirects = [target] * 2
    with pytest.raises(NmtError, match=r"cannot be requested|the server answered 302") as error:
        fetch(server, tmp_path)
    assert "\n" not in str(error.value)
    assert server.requests == 1


TOO_MUCH = (
    r"train\.de\.gz has more than fetch\.max_bytes=100000 bytes; raise fetch\.max_bytes=…, "
    r"or give another address with corpus\.address=…"
)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "100001"}, {"Content-Length": "-1"}])
def test_a_server_that_sends_too_much_is_refused(server, tmp_path, headers):
    server.headers = [headers]
    with pytest.raises(NmtError, match=TOO_MUCH):
        fetch(server, tmp_path, max_bytes=100_000)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_unpacks_to_too_much_is_refused(server, tmp_path):
    server.content = gzip.compress(b"\0" * 10_000_000)
    assert len(server.content) < 100_000
    with pytest.raises(NmtError, match=TOO_MUCH):
        fetch(server, tmp_path, max_bytes=100_000)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_an_error(server, tmp_path):
    server.pause = 0.5
    with pytest.raises(NmtError, match=r"broke off: timed out .*; check the network"):
        fetch(server, tmp_path, timeout=0.1)
    assert list(tmp_path.iterdir()) == []


def test_a_second_process_is_refused_by_name(server, tmp_path):
    with (
        locks.locked(tmp_path),
        pytest.raises(locks.LockedError, match=f"is being written by process {os.getpid()} on"),
    ):
        fetch(server, tmp_path)
    assert server.requests == 0


def test_a_download_onto_a_full_disk_leaves_no_file(server, tmp_path):
    with longest_file(10_000), pytest.raises(NmtError) as error:
        fetch(server, tmp_path)
    assert str(error.value) == (
        f"{tmp_path / NAME} cannot be written: File too large; what was there before is kept"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_not_tried_again(server, tmp_path):
    server.address = server.address.replace("raw", "elsewhere")
    message = r"elsewhere/train\.de\.gz: the server answered 404 Not Found; give another address"
    with pytest.raises(NmtError, match=message):
        fetch(server, tmp_path, tries=3)
    assert server.requests == 1


def test_a_busy_server_is_tried_again(server, tmp_path):
    server.states = [503]
    assert fetch(server, tmp_path, tries=2)
    assert (tmp_path / NAME).read_bytes() == TEXT


def test_an_unreachable_server_is_named_in_one_line(tmp_path):
    with pytest.raises(NmtError) as error:
        fetch(Server(address="http://127.0.0.1:1/raw"), tmp_path, tries=2)
    expected = (
        r"http://127.0.0.1:1/raw/train.de.gz: cannot be reached: .*Connection refused "
        r"\(tried 2 times\); check the network, then run the same command again"
    )
    assert re.fullmatch(expected, str(error.value))


def test_a_file_in_place_of_the_folder_is_named(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NmtError, match=r"the folder .*file cannot be made: File exists"):
        fetch(server, tmp_path / "file")


def test_an_address_of_another_kind_is_refused():
    message = "corpus.address=file:///etc: expected an address that begins with https://"
    with pytest.raises(ConfigurationError, match=message):
        PublicCorpus("file:///etc", "data", "nobody", "none", [])


def test_the_command_downloads_all_files_and_logs_the_licence(server, tmp_path, caplog):
    file = f"{{_target_:nmt.data.download.download.PackedText,name:{NAME},sha256:{SHA256}}}"
    overrides = [f"corpus.address={server.address}", f"folder={tmp_path}", f"corpus.files=[{file}]"]
    with caplog.at_level(logging.INFO):
        download(configuration("download", ["multi30k", *overrides], ("corpus",)))
    assert (tmp_path / NAME).read_bytes() == TEXT
    assert "for non-commercial research and education" in caplog.messages[0]
    assert caplog.messages[-1] == "1 files downloaded, 0 existed"


def test_the_command_expects_the_text_of_multi30k(server, tmp_path):
    overrides = [f"corpus.address={server.address}", f"folder={tmp_path}"]
    with pytest.raises(NmtError, match="expected 2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3"):
        download(configuration("download", ["multi30k", *overrides], ("corpus",)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not MULTI30K.is_dir(), reason=f"{MULTI30K} does not exist")
def test_the_checksums_are_those_of_the_real_files():
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
