"""The command among other processes: streams that are closed, cut, no files, or one long line."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.saved_models import save

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folder of a small model with random weights."""
    return save(tmp_path_factory.mktemp("run"), 46)


def shell(script, saved, *arguments, given=None):
    """Run a script in which "$@" is the command."""
    search = ["search=greedy", "search.length_factor=0.0", "search.length_extra=2"]
    words = [sys.executable, "-m", "nmt.translate", f"run={saved}", *search, *arguments]
    return subprocess.run(
        ["bash", "-c", script, "bash", *words],
        input=given,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=100,
        check=False,
    )


def test_a_closed_input_is_an_empty_text(saved):
    ended = shell('"$@" <&-', saved)
    assert (ended.returncode, ended.stdout) == (0, b"")
    assert ended.stderr.startswith(b"translated 0 lines")


def test_a_folder_as_input_is_refused(saved):
    ended = shell('"$@" < /', saved)  # by Python itself, before anything of the program is read
    assert ended.returncode == 1
    assert b"<stdin> is a directory" in ended.stderr
    assert b"Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("output_format", ["moses", "jsonl"])
def test_a_pipe_closed_after_one_line_ends_the_command_without_a_message(saved, output_format):
    script = '"$@" | head -1; exit "${PIPESTATUS[0]}"'
    given = b"Der Hund.\nDie Katze.\n" * 20_000
    ended = shell(script, saved, f"output_format={output_format}", given=given)
    assert (ended.returncode, ended.stderr) == (141, b"")
    assert ended.stdout.count(b"\n") == 1


def test_the_output_file_is_complete_even_if_stdout_is_closed(saved, tmp_path):
    script = '"$@" | true; exit "${PIPESTATUS[0]}"'
    ended = shell(script, saved, f"output={tmp_path / 'out'}", given=b"Der Hund.\n" * 3000)
    assert ended.returncode == 0
    assert (tmp_path / "out").read_bytes().count(b"\n") == 3000


@pytest.mark.slow
def test_lines_of_a_megabyte_are_translated(saved):
    size = 300_000
    words = ["Hund", "läuft.", "漢字,", "🐕", "\u0301", "im", "\u200b"]
    lines = [
        " ".join(random.Random(1).choices(words, k=size // 5)).encode(),
        "".join(random.Random(2).choices(words, k=size // 5)).encode(),
        *[
            b"a" * size,
            "\u0301".encode() * size,
            "漢".encode() * size,
            b"\xff" * size,
            b"\0" * size,
        ],
        b"",
    ]
    ended = shell('ulimit -v 8000000; "$@"', saved, given=b"\n".join(lines) + b"\nHund")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count(b"\n") == len(lines) + 1
    assert b"line 1 has " in ended.stderr
