"""Downloads from a server of this machine: good ones, broken ones, wrong ones."""

import gzip
import hashlib
import io
import logging
import random
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nmt.command_line import configuration
from nmt.download import download, live_line
from nmt.errors import ConfigurationError, NmtError
from nmt.fetch import Fetch, PackedText, PublicCorpus

TEXT = "".join(
    f"Zeile {number}: ein Hund läuft.\n" for number in random.Random(1).sample(range(10**9), 20_000)
).encode()
PACKED = gzip.compress(TEXT)
NAME = "train.de"
MULTI30K = Path(__file__).parents[2] / "shared" / "data" / "multi30k"


@dataclass
class Server:
    """What the handler answers, and what it was asked.

    Attributes:
        content: of `/raw/train.de.gz`.
        breaks: for each request to come, after how many bytes it is cut off; then none is.
        ranges: whether requests for a part are understood.
        asked: the Range header of each request, empty where there was none.
    """

    content: bytes = PACKED
    breaks: list[int] = field(default_factory=list)
    ranges: bool = True
    states: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    address: str = ""


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers["Range"] or ""
            server.asked.append(asked)
            if self.path != f"/raw/{NAME}.gz":
                return self.send_error(404)
            if server.states:
                return self.send_error(server.states.pop(0))
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and server.ranges else 0
            size = len(server.content)
            if start >= size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            self.send_header("Content-Length", str(size - start))
            self.end_headers()
            end = start + server.breaks.pop(0) if server.breaks else size
            self.wfile.write(server.content[start:end])

        def log_message(self, *_):
            pass

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(state)) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        state.address = f"http://127.0.0.1:{http.server_port}/raw"
        yield state
        http.shutdown()
        thread.join()


def fetch(server: Server, folder: Path, tries: int = 1, text: bytes = TEXT) -> bool:
    file = PackedText(NAME, hashlib.sha256(text).hexdigest())
    return Fetch(5.0, tries, 0.0)(server.address, file, folder, lambda *_: None)


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
    Fetch(5.0, 1, 0.0)(server.address, file, tmp_path, lambda *numbers: told.append(numbers))
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
    file = f"{{_target_:nmt.fetch.PackedText,name:{NAME},sha256:{digest}}}"
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
