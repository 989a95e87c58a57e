import io
import json
import mmap
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import soak
from soak import Progress, Sample

STEADY = [Sample(second, 5000, 3000, 10 * second, 7, 100) for second in range(9)]
RIGHT = {"wrong_lines": 0, "statuses": [143, 143]}


def changed(*values, name):
    """Samples that are steady but for the last of them."""
    kept = STEADY[: -len(values)]
    pairs = zip(STEADY[-len(values) :], values, strict=True)
    return [*kept, *(Sample(**{**vars(one), name: value}) for one, value in pairs)]


def problems_of(samples, **other):
    return soak.problems({**soak.summary(samples), **RIGHT, **other})


def test_constant_memory_and_files_are_no_problem():
    assert problems_of(STEADY) == []
    assert problems_of(changed(5050, 5050, 9999, name="training")) == []  # 1 %, and one moment
    assert problems_of(changed(9, 7, 9, name="files")) == []  # two that are there for a moment


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("training", (5051, 5100, 5000), "the memory of the training grew by 1.0%"),
        ("translation", (3300, 3000, 3300), "the memory of the translation grew by 10.0%"),
        ("files", (8, 8, 9), "the run has 8 files, before it had 7"),
        ("lines", (60, 60, 60), "nothing was translated in the last third"),
    ],
)
def test_growth_and_interruptions_are_reported(name, values, message):
    assert problems_of(changed(*values, name=name)) == [message]


def test_wrong_statuses_and_wrong_lines_are_reported():
    assert problems_of(STEADY, wrong_lines=2) == ["2 translations are of another line"]
    problems = problems_of(STEADY, statuses=[143, 0])
    assert problems == ["the exit statuses are [143, 0] and not 143"]


def test_the_table_has_the_medians():
    samples = changed(*[2**20 * size for size in (1, 3, 2, 4, 6, 5)], name="training")
    assert "| training, MiB | 2.0 | 5.0 | 2.5000 |" in list(soak.table(soak.summary(samples)))


def test_each_translation_is_compared_with_its_line():
    progress = Progress()
    progress.waiting.extend(["a", None, "c", "d"])
    read = [json.dumps({"source": source}) + "\n" for source in ("a", "\ufffd", "d", "d", "e")]
    soak.follow(io.BytesIO("".join([*read, '{"source": "cut']).encode()), progress)
    assert (progress.lines, progress.wrong) == (
        5,
        2,
    )  # d in the place of c, and e, which was never sent


def test_the_stream_is_endless_and_its_lines_are_recorded():
    class Closing(io.BytesIO):
        def write(self, text):
            if self.tell() > 10**6:
                raise BrokenPipeError
            return super().write(text)

    pipe, progress = Closing(), Progress()
    soak.feed(pipe, progress)
    lines = pipe.getvalue().split(b"\n")[:-1]
    sent = list(islice(progress.waiting, len(lines)))
    assert all(
        text is None or text.encode() == line for line, text in zip(lines, sent, strict=True)
    )
    assert set(soak.NASTY) == {line for line, text in zip(lines, sent, strict=True) if text is None}


def test_memory_and_files_are_measured(tmp_path):
    (tmp_path / "one").write_bytes(b"12345")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "two").write_bytes(b"678")
    assert soak.content(tmp_path) == (2, 8)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_resident_memory_is_that_of_the_process():
    before, size = soak.resident(os.getpid()), 2**26
    with mmap.mmap(-1, size), mmap.mmap(-1, size) as written:  # the first one is never written
        for start in range(0, size, mmap.PAGESIZE):
            written[start] = 1
        grown = soak.resident(os.getpid()) - before
    assert 0.5 < grown / size < 1.5, "some of it may be paged out already"


def test_a_process_is_ended_with_the_status_of_a_shell():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        assert soak.end(process) == 143
    with pytest.raises(SystemExit, match=r"ended with status -15; its log is in there"):
        soak.alive([process], "there")


def test_the_command_line_is_read(tmp_path):
    values = soak.settings(["minutes=2", f"folder={tmp_path / 'new'}"])
    assert values == {
        "minutes": 2.0,
        "threads": 1,
        "save_seconds": 20.0,
        "folder": tmp_path / "new",
    }
    for words in (["minutes"], ["minutes=long"], ["hours=1"]):
        with pytest.raises(SystemExit, match=r"python benchmarks/soak\.py"):
            soak.settings(words)
