"""Regular files complete or unchanged; devices, pipes, links and descriptors written into."""

import io
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.full_disks import longest_file
from helpers.irregular_files import device, read_pipe

from nmt.runtime import output_files
from nmt.runtime.errors import NmtError

ROOT = Path(__file__).parents[3]


def test_an_output_file_is_complete_or_unchanged(tmp_path):
    file, link = tmp_path / "out.en", tmp_path / "link.en"
    file.write_text("before")
    link.symlink_to(file)
    with pytest.raises(KeyboardInterrupt), output_files.open_output(str(file)) as output:
        output.write(b"half")
        raise KeyboardInterrupt
    assert file.read_text() == "before"
    assert sorted(tmp_path.iterdir()) == [link, file]
    with output_files.open_output(str(link)) as output:
        output.write(b"whole")
        assert file.read_text() == "before"
    assert file.read_text() == "whole"
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, file]


def test_output_that_cannot_be_written_is_named(tmp_path):
    with (
        pytest.raises(NmtError, match="nothing/out cannot be written: No such file"),
        output_files.open_output(str(tmp_path / "nothing" / "out")),
    ):
        pass


def test_a_pipe_stays_one_and_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as thread:
        read = thread.submit(pipe.read_bytes)
        with output_files.open_output(str(pipe)) as output:
            output.write(b"text")
        assert read.result() == b"text"
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_a_one_line_error(monkeypatch):
    full = Path("/dev/full").open("w")  # noqa: SIM115
    monkeypatch.setattr(sys, "stdout", full)
    with (
        pytest.raises(NmtError, match="standard output cannot be written: No space left"),
        output_files.open_output(None) as output,
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
            output_files.open_output(str(file)) as output,
        ):
            output.write(b"x" * size)
        assert file.read_text() == "before"
        assert list(tmp_path.iterdir()) == [file]


def test_a_killed_process_leaves_one_file_that_the_next_one_uses(tmp_path):
    code = "import os; from nmt.runtime.output_files import open_output\n"
    code += "with open_output('out') as output:\n"
    code += "    output.write(b'half'); output.flush(); os.kill(os.getpid(), 9)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment())
        assert [path.name for path in tmp_path.iterdir()] == [".out.part"]
    with output_files.open_output(str(tmp_path / "out")) as output:
        output.write(b"a")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_bytes() == b"a"


def test_concurrent_writes_of_a_file_do_not_mix(tmp_path):
    file = tmp_path / "out"
    with output_files.open_output(str(file)) as output:
        output.write(b"first")
        with (
            pytest.raises(NmtError, match=r"\.out\.part is being written by another process"),
            output_files.open_output(str(file)),
        ):
            pass
    assert file.read_bytes() == b"first"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_standard_output_is_not_written_again_at_exit():
    code = "from nmt.runtime import output_files\nfrom nmt.runtime.errors import NmtError\ntry:\n"
    code += "    with output_files.open_output(None) as output: output.write(b'text')\n"
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


@pytest.mark.parametrize(
    ("encoding", "errors", "expected"),
    [
        ("utf-8", "strict", b"\xc3\xa4 \xe2\x86\x92 \\udcff"),
        ("utf-8", "surrogateescape", b"\xc3\xa4 \xe2\x86\x92 \xff"),
        ("latin-1", "strict", b"\xe4 \\u2192 \\udcff"),
        ("cp1252", "strict", b"\xe4 \\u2192 \\udcff"),
        ("ascii", "strict", b"\\xe4 \\u2192 \\udcff"),
        ("ascii", "replace", b"? ? ?"),
    ],
)
def test_characters_that_the_encoding_of_standard_output_lacks_are_escaped(
    monkeypatch, encoding, errors, expected
):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors=errors)
    monkeypatch.setattr(sys, "stdout", stream)
    output_files.print_text("ä → \udcff")
    assert raw.getvalue() == expected


def test_text_is_printed_into_a_stream_of_python(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    output_files.print_text("ä → \U0001f415\n")
    assert sys.stdout.getvalue() == "ä → \U0001f415\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("size", [1, 100, 1_000_000])  # below and above the buffer of a stream
def test_text_for_a_full_disk_is_an_error_once(monkeypatch, size):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(NmtError, match=r"^standard output cannot be written: No space left"):
            output_files.print_text("a" * size)


def test_no_other_module_writes_to_standard_output():
    others = [path for path in (ROOT / "nmt").rglob("*.py") if path.name != "output_files.py"]
    others += (ROOT / "benchmarks" / "recall").glob("*.py")
    assert len(others) > 100
    assert [path for path in others if "stdout.write" in path.read_text("utf-8")] == []


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("chain", [(), ("link",), ("folder/link", "link")])
def test_a_pipe_is_written_into_through_any_chain_of_links(tmp_path, chain):
    (tmp_path / "folder").mkdir()
    pipe = name = tmp_path / "pipe"
    os.mkfifo(pipe)
    for link in chain:
        (tmp_path / link).symlink_to(os.path.relpath(name, (tmp_path / link).parent))
        name = tmp_path / link
    assert read_pipe(pipe, lambda: output_files.write(name, b"whole")) == b"whole"
    assert pipe.is_fifo()
    assert all((tmp_path / link).is_symlink() for link in chain)


def test_a_device_is_written_into_and_stays_one(tmp_path):
    null = device(tmp_path / "null", 1, 3)
    (tmp_path / "link").symlink_to("null")
    for path in (null, tmp_path / "link"):
        output_files.write(path, b"text")
        with output_files.open_output(str(path)) as file:
            file.write(b"text")
    assert stat.S_ISCHR(null.stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "null"]


def test_a_device_without_space_is_named_and_stays_one(tmp_path):
    full = device(tmp_path / "full", 1, 7)
    with pytest.raises(NmtError, match="full cannot be written: No space left on device"):
        output_files.write(full, b"text")
    assert stat.S_ISCHR(full.stat().st_mode)


def test_a_file_behind_a_descriptor_keeps_what_was_written_to_it(tmp_path):
    """As `command output=/dev/stdout >> file`, by a link of the test's own."""
    path = tmp_path / "file"
    path.write_bytes(b"before\n")
    with path.open("ab", buffering=0) as file:
        (tmp_path / "link").symlink_to(f"/proc/self/fd/{file.fileno()}")
        output_files.write(tmp_path / "link", b"text\n")
        output_files.write(Path(f"/dev/fd/{file.fileno()}"), b"more\n")
        file.write(b"after\n")
    assert path.read_bytes() == b"before\ntext\nmore\nafter\n"
    assert (tmp_path / "link").is_symlink()


def test_a_dangling_link_stays_and_its_file_is_made(tmp_path):
    (tmp_path / "link").symlink_to("folder/file")
    (tmp_path / "folder").mkdir()
    output_files.write(tmp_path / "link", b"text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "file").read_bytes() == b"text"


def test_links_in_a_circle_and_sockets_and_folders_are_named(tmp_path):
    import socket

    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "folder").mkdir()
    previous = Path.cwd()
    os.chdir(tmp_path)  # The address of a socket has at most 107 bytes.
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        os.chdir(previous)
        for name, reason in {
            "a": "Too many levels of symbolic links",
            "folder": "Is a directory",
            "socket": "No such device or address",
            "a/file": "",
        }.items():
            with pytest.raises(NmtError, match=f"{name} cannot be written: {reason}"):
                output_files.write(tmp_path / name, b"text")
        assert (tmp_path / "socket").is_socket()


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "hard link", "file"])
def test_what_stands_at_the_temporary_name_is_removed_and_never_written(tmp_path, kind):
    part, victim = tmp_path / ".out.part", tmp_path / "victim"
    if kind != "dangling":
        victim.write_bytes(b"precious")
    {
        "link": lambda: part.symlink_to(victim),
        "dangling": lambda: part.symlink_to(victim),
        "pipe": lambda: os.mkfifo(part),
        "hard link": lambda: part.hardlink_to(victim),
        "file": lambda: part.write_bytes(b"left by a killed process"),
    }[kind]()
    output_files.write(tmp_path / "out", b"text")
    assert (tmp_path / "out").read_bytes() == b"text"
    assert not (tmp_path / "out").is_symlink()
    assert not os.path.lexists(part)
    assert victim.exists() == (kind != "dangling")
    assert kind == "dangling" or victim.read_bytes() == b"precious"


def test_a_private_file_stays_private_when_it_is_replaced(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(0o600)
    output_files.write(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_folder_of_a_file_is_made(tmp_path):
    output_files.write(tmp_path / "a" / "b" / "out", b"text")
    assert (tmp_path / "a" / "b" / "out").read_bytes() == b"text"
