import gzip
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.full_disks import longest_file

from nmt.data.text import streams
from nmt.data.text.invalid_text.replace import ReplaceInvalidText
from nmt.runtime.errors import CorpusError, NmtError

ROOT = Path(__file__).parents[3]


def test_lines_end_with_a_line_feed_and_nothing_else(tmp_path, caplog):
    data = b"\xef\xbb\xbfa\r\nb\x0bc\xe2\x80\xa8d\xc2\x85e\x0cf\rg\n\n\xff\xfe\nlast"
    plain_file, packed = tmp_path / "a.de", tmp_path / "a.de.gz"
    plain_file.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    expected = ["a", "b\x0bc\u2028d\x85e\x0cf\rg", "", "\ufffd\ufffd", "last"]
    assert list(streams.read(str(plain_file), ".de", ReplaceInvalidText())) == expected
    assert list(streams.read(str(packed), ".de", ReplaceInvalidText())) == expected
    message = f"{plain_file}:4: byte 0xff at 1 is not UTF-8; invalid bytes read U+FFFD"
    assert caplog.messages[0] == message


def test_many_lines_that_are_not_utf8_are_counted(tmp_path, caplog):
    file = tmp_path / "latin1.de"
    file.write_bytes("schön\n".encode("latin-1") * 8)
    assert list(streams.read(str(file), ".de", ReplaceInvalidText())) == ["sch\ufffdn"] * 8
    assert len(caplog.messages) == 4
    assert caplog.messages[3] == f"8 lines of {file} were not UTF-8 in all"


def test_files_of_the_starter_corpus_are_named_by_their_split():
    first = (ROOT / "data" / "starter" / "test.de").read_text(encoding="utf-8").split("\n")[0]
    assert next(streams.read("starter:test", ".de", ReplaceInvalidText())) == first
    with pytest.raises(CorpusError, match=r"^starter:tset does not exist; .*starter:test,"):
        next(streams.read("starter:tset", ".de", ReplaceInvalidText()))


def test_unreadable_input_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"nothing.de cannot be read: No such file"):
        list(streams.read(str(tmp_path / "nothing.de"), ".de", ReplaceInvalidText()))
    with pytest.raises(CorpusError, match="cannot be read: Is a directory"):
        list(streams.read(str(tmp_path), ".de", ReplaceInvalidText()))
    broken = tmp_path / "a.gz"
    broken.write_bytes(b"plain")
    with pytest.raises(CorpusError, match=r"a.gz is broken: .* a name in .gz means gzip"):
        list(streams.read(str(broken), ".de", ReplaceInvalidText()))


def test_a_line_without_an_end_is_rejected_before_it_fills_the_memory(tmp_path):
    longest = tmp_path / "longest.de"
    longest.write_bytes(b"a\n" + b"b" * (streams.MAX_BYTES - 1) + b"\n")
    assert [len(line) for line in streams.read(str(longest), ".de", ReplaceInvalidText())] == [
        1,
        2**24 - 1,
    ]
    message = "/dev/zero:1 has more than 16777216 bytes without a line feed; this is not text"
    with pytest.raises(CorpusError, match=message):
        next(streams.read("/dev/zero", ".de", ReplaceInvalidText()))


def test_an_output_file_is_complete_or_unchanged(tmp_path):
    file, link = tmp_path / "out.en", tmp_path / "link.en"
    file.write_text("before")
    link.symlink_to(file)
    with pytest.raises(KeyboardInterrupt), streams.open_output(str(file)) as output:
        output.write(b"half")
        raise KeyboardInterrupt
    assert file.read_text() == "before"
    assert sorted(tmp_path.iterdir()) == [link, file]
    with streams.open_output(str(link)) as output:
        output.write(b"whole")
        assert file.read_text() == "before"
    assert file.read_text() == "whole"
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, file]


def test_unwritable_output_is_named(tmp_path):
    with (
        pytest.raises(NmtError, match="nothing/out cannot be written: No such file"),
        streams.open_output(str(tmp_path / "nothing" / "out")),
    ):
        pass


def test_a_pipe_stays_one_and_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as thread:
        read = thread.submit(pipe.read_bytes)
        with streams.open_output(str(pipe)) as output:
            output.write(b"text")
        assert read.result() == b"text"
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_named(monkeypatch):
    full = Path("/dev/full").open("w")  # noqa: SIM115
    monkeypatch.setattr(sys, "stdout", full)
    with (
        pytest.raises(NmtError, match="standard output cannot be written: No space left"),
        streams.open_output(None) as output,
    ):
        output.write(b"text")
    os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # so that closing does not fail
    full.close()


def test_output_on_a_full_disk_leaves_the_old_file(tmp_path):
    file = tmp_path / "out.en"
    file.write_text("before")
    for size in (100, 100_000):  # fails at the end, and before it
        with (
            longest_file(50),
            pytest.raises(NmtError, match=r"out\.en cannot be written: File too large"),
            streams.open_output(str(file)) as output,
        ):
            output.write(b"x" * size)
        assert file.read_text() == "before"
        assert list(tmp_path.iterdir()) == [file]


def test_a_killed_process_leaves_one_file_that_the_next_one_uses(tmp_path):
    code = (
        "import os; from nmt.data.text import streams\nwith streams.open_output('out') as output:\n"
    )
    code += "    output.write(b'half'); output.flush(); os.kill(os.getpid(), 9)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment())
        assert [path.name for path in tmp_path.iterdir()] == [".out.part"]
    with streams.open_output(str(tmp_path / "out")) as output:
        output.write(b"a")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_bytes() == b"a"


def test_concurrent_writes_of_a_file_do_not_mix(tmp_path):
    file = tmp_path / "out"
    with streams.open_output(str(file)) as output:
        output.write(b"first")
        with (
            pytest.raises(NmtError, match=r"\.out\.part is being written by another process"),
            streams.open_output(str(file)),
        ):
            pass
    assert file.read_bytes() == b"first"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_standard_output_is_not_tried_again_at_the_end():
    code = "from nmt.data.text import streams\nfrom nmt.runtime.errors import NmtError\ntry:\n"
    code += "    with streams.open_output(None) as output: output.write(b'text')\n"
    code += "except NmtError as error: print(error, file=__import__('sys').stderr)"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
    assert done.stderr == "standard output cannot be written: No space left on device\n"
    assert done.returncode == 0


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}
