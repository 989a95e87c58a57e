"""Several processes return what one does, in order, and leave nothing behind however it ends."""

import operator
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nmt.runtime import processes
from nmt.runtime.errors import CorpusError, NmtError


def ended(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


BOTH = pytest.mark.parametrize("start", [processes.Spawned, processes.Forked])


@BOTH
@pytest.mark.parametrize("count", [1, 3])
def test_results_come_in_the_order_of_the_values(count, start):
    with processes.ProcessPool(operator.neg, count, start) as pool:
        assert list(pool.map(range(20))) == [-value for value in range(20)]
        assert list(pool.map([])) == []


def test_values_are_read_no_further_than_a_few_ahead():
    read = []

    def values():
        for value in range(100):
            read.append(value)
            yield value

    with processes.ProcessPool(operator.neg, 2) as pool:
        results = pool.map(values())
        for _ in range(10):
            next(results)
        assert len(read) == 10 + processes.PREFETCH * 2


def test_errors_are_raised_in_the_order_of_the_values_and_before_one_of_their_iterator():
    def values():
        yield from [1, 2, "no number", 4]
        raise CorpusError("cannot be read")

    with processes.ProcessPool(operator.neg, 2) as pool:
        results = pool.map(values())
        assert [next(results), next(results)] == [-1, -2]
        with pytest.raises(TypeError, match="bad operand"):
            next(results)
        results = pool.map(value for value in values() if value != "no number")
        assert [next(results) for _ in range(3)] == [-1, -2, -4]
        with pytest.raises(CorpusError, match="cannot be read"):
            next(results)


@BOTH
def test_output_that_a_function_prints_is_separate_from_the_results(capfd, start):
    with processes.ProcessPool(print, 1, start) as pool:
        assert list(pool.map(["a", "b"])) == [None, None]
    assert capfd.readouterr().out == ""


@BOTH
def test_a_killed_process_is_an_error_that_names_it(start):
    message = r"^process \d+, one of 2 .* ended with status 3; if"
    with processes.ProcessPool(os._exit, 2, start) as pool, pytest.raises(NmtError, match=message):
        list(pool.map([3]))


def test_a_pool_whose_processes_have_all_ended_does_not_wait():
    with (
        processes.ProcessPool(os._exit, 1) as pool,
        pytest.raises(NmtError, match="ended with status 3"),
    ):
        list(pool.map([3, 3, 3]))


@BOTH
def test_processes_are_killed_after_the_block_even_in_the_middle_of_their_work(start):
    with processes.ProcessPool(time.sleep, 2, start) as pool:
        results = pool.map([0, 1000, 1000])
        assert next(results) is None
        running = [process.pid for process in pool._processes]
        start_time = time.monotonic()
    assert time.monotonic() - start_time < 20
    assert all(map(ended, running))


CHILD = """
import os, sys, time
from nmt.runtime import processes
with processes.ProcessPool(time.sleep, 2, getattr(processes, sys.argv[1])) as pool:
    results = pool.map([0, 0.1, 0.1, *[1] * 100])
    next(results)
    print(*(process.pid for process in pool._processes), flush=True)
    list(results)
"""


@pytest.mark.slow
@pytest.mark.parametrize("start", ["Spawned", "Forked"])
def test_processes_end_when_their_parent_is_killed(start):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", CHILD, start], stdout=subprocess.PIPE, text=True, env=environment
    )
    running = [int(word) for word in parent.stdout.readline().split()]
    assert len(running) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while not all(map(ended, running)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def closed(handle):
    """Return whether a descriptor is of no open file."""
    try:
        os.fstat(handle)
    except OSError:
        return True
    return False


def test_a_process_that_cannot_be_forked_leaves_no_signal_blocked_and_no_pipe_open(monkeypatch):
    def refuse():
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    descriptors = Path("/proc/self/fd")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ()), sorted(descriptors.iterdir())
    with pytest.raises(BlockingIOError):
        processes.Forked(operator.neg)
    assert before == (signal.pthread_sigmask(signal.SIG_BLOCK, ()), sorted(descriptors.iterdir()))


def test_a_forked_process_closes_the_files_of_its_parent(tmp_path):
    with (
        (tmp_path / "file").open("w") as file,
        processes.ProcessPool(closed, 1, processes.Forked) as pool,
    ):
        assert list(pool.map([file.fileno(), 0])) == [True, False]
        assert not closed(file.fileno())


def test_several_threads_may_wait_for_one_process():
    process = processes.Forked(abs)
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(process.wait) for _ in range(4)]
        time.sleep(0.2)
        process.kill()
        assert [one.result() for one in waiting] == [-signal.SIGKILL] * 4
