"""Several processes translate as one does, and end as one does."""

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers import small_run
from helpers.saved_models import LINES, save

from nmt.data.windows import LineWindows
from nmt.inference.translator import SingleProcess, Translator
from nmt.runtime import worker_pool
from nmt.runtime.errors import ConfigurationError, NmtError
from nmt.runtime.processes import Forked, Spawned
from nmt.runtime.worker_pool import WorkerPool, resolve_count
from nmt.search.greedy import Greedy
from nmt.search.sample import Sample

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    """A small model with random weights, whose windows have several batches."""
    folder = save(tmp_path_factory.mktemp("run"), 46)
    return Translator.load(folder, search=Greedy(0.2, 1), windows=LineWindows(8, 1000, 3, 100))


SHARED = [*LINES[:10], "", *LINES[3:12]]


@pytest.mark.parametrize("search", [Greedy(0.2, 1), Sample(1.0, 0, 1.0, 1, 2, 0.2, 1)])
def test_workers_translate_as_one_process_does(translator, search):
    alone = replace(translator, search=search)
    assert list(replace(alone, workers=3).stream(SHARED)) == list(alone.stream(SHARED))


@pytest.mark.slow
def test_spawned_workers_translate_as_forked_ones_do(translator, monkeypatch):
    monkeypatch.setattr(worker_pool, "CAN_FORK", False)
    # Where weights lie in memory may change the last digits of scores.
    assert replace(translator, workers=2).translate(SHARED) == translator.translate(SHARED)


def processes(lines, translator):
    """Give the numbers of the processes that were started for these lines."""
    started = []

    class Noted(Forked):
        def __init__(self, function):
            super().__init__(function)
            started.append(self.pid)

    worker_pool.Forked, before = Noted, worker_pool.Forked
    try:
        list(replace(translator, workers=2).stream(lines))
    finally:
        worker_pool.Forked = before
    return started


def test_processes_start_with_the_first_window_of_several_batches(translator):
    assert processes([LINES[0]] * 20, translator) == []
    assert processes(LINES[:3], translator) == []
    assert len(processes(LINES[:4], translator)) == 2
    line_by_line = replace(translator, windows=LineWindows(1, 1000, 3, 100))
    assert processes(LINES[:4], line_by_line) == []


def test_the_input_is_read_no_further_than_one_process_reads_it(translator):
    read = []

    def lines():
        for number in range(1000):
            read.append(number)
            yield LINES[number % len(LINES)]

    translations = replace(translator, workers=2).stream(lines())
    for number in range(16):
        next(translations)
        assert len(read) == 8 * (1 + number // 8)
    translations.close()


def threads(_):
    return torch.get_num_threads()


@pytest.mark.slow
@pytest.mark.parametrize("start", [Forked, Spawned])
def test_each_worker_has_one_thread_whatever_the_first_process_has(monkeypatch, start):
    monkeypatch.setattr(worker_pool, "CAN_FORK", start is Forked)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        torch.ones(400, 400) @ torch.ones(400, 400)  # The threads are there.
        with WorkerPool(threads, 2, SingleProcess(threads)) as pool:
            assert list(pool.map([1, 2, 3])) == [1, 1, 1]
    finally:
        torch.set_num_threads(before)


def test_auto_starts_as_many_workers_as_torch_would_start_threads(monkeypatch):
    monkeypatch.setattr(worker_pool.cpus, "count", lambda: 8)
    monkeypatch.setattr(worker_pool, "CAN_FORK", True)
    assert resolve_count("auto", None, "cpu", 4) == 4
    assert resolve_count("auto", 4, "cpu", 4) == 1
    assert resolve_count("auto", None, "cuda", 4) == 1
    assert [resolve_count(*workers, "cpu", 4) for workers in ((1, 4), ("3", 1), (3, None))] == [
        1,
        3,
        3,
    ]
    monkeypatch.setattr(worker_pool, "CAN_FORK", False)
    assert resolve_count("auto", None, "cpu", 4) == 1


@pytest.mark.parametrize("workers", ["many", 0, "1025", 1.5, True, None])
def test_numbers_of_workers_out_of_range_are_refused(workers):
    message = f"^workers={workers}: expected auto, or a whole number, 1 to 1024$"
    with pytest.raises(ConfigurationError, match=message):
        resolve_count(workers, None, "cpu", 4)


def test_workers_of_several_threads_or_on_another_device_are_refused():
    message = "^threads=2: expected null or 1 with workers=3, each of which has one thread$"
    with pytest.raises(ConfigurationError, match=message):
        resolve_count(3, 2, "cpu", 4)
    with pytest.raises(ConfigurationError, match=r"^workers=3: expected 1 with device=cuda$"):
        resolve_count(3, None, "cuda", 4)


def end(_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_one_error():
    message = r"^process \d+, one of 2 that this one started, has ended with status -9; if memory"
    with WorkerPool(end, 2, end) as pool, pytest.raises(NmtError, match=message):
        list(pool.map([1, 2, 3]))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_and_its_workers_without_output(tmp_path, number):
    folder = save(tmp_path / "run", 46)
    arguments = [f"run={folder}", "workers=2", "windows.lines=8", "windows.sentences=3"]
    output = tmp_path / "out.en"
    command = [sys.executable, "-m", "nmt.translate", *arguments, f"output={output}"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, start_new_session=True
    )
    with process:
        process.stdin.write("\n".join(LINES[:20]).encode())
        process.stdin.flush()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while len(children.read_text().split()) < 2:
            assert process.poll() is None
        os.killpg(process.pid, number)
        _, log = process.communicate(timeout=60)
    assert (process.returncode, log.decode()) == (128 + number, "")
    assert not output.exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


FORKED = """
import multiprocessing, sys
sys.path.insert(0, sys.argv[2])
import torch
torch.set_num_threads(2)
from nmt.inference.translator import Translator

translator = Translator.load(sys.argv[1], search="greedy", device="cpu")
lines = ["Der Hund schläft."] * 4
expected = translator.translate(lines)


def translated(number):
    return translator.translate(lines) == expected, torch.get_num_threads()


if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[3]).Pool(2) as pool:
        print(pool.map(translated, range(2)), torch.get_num_threads())
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_program_that_forks_after_loading_translates_on(tmp_path):
    """With threads, the copies would wait forever for those of OpenMP, which are not copied."""
    run = small_run.save(tmp_path / "run", "model.hidden_size=256", "model.embedding_size=256")
    done = subprocess.run(
        [sys.executable, "-c", FORKED, run, str(ROOT), "fork"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
    )
    assert done.stdout == "[(True, 1), (True, 1)] 2\n", done.stderr


def test_a_forked_process_computes_with_one_thread_and_its_parent_goes_on():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        forked = Forked(lambda value: torch.get_num_threads())
        pickle.dump(None, forked.requests)
        forked.requests.flush()
        assert pickle.load(forked.responses) == (1, None)
        forked.requests.close()
        forked.responses.close()
        assert forked.wait() == 0
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
