"""Several processes give what one does, in order, and leave nothing behind however it ends."""

import operator
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from nmt.runtime import processes
from nmt.runtime.errors import CorpusError, NmtError


def gone(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


WAYS = pytest.mark.parametrize("start", [processes.Spawned, processes.Forked])


@WAYS
@pytest.mark.parametrize("count", [1, 3])
def test_results_come_in_the_order_of_the_values(count, start):
    with processes.ProcessPool(operator.neg, count, start) as crew:
        assert list(crew.map(range(20))) == [-value for value in range(20)]
        assert list(crew.map([])) == []


def test_values_are_read_no_further_than_a_few_ahead():
    read = []

    def values():
        for value in range(100):
            read.append(value)
            yield value

    with processes.ProcessPool(operator.neg, 2) as crew:
        results = crew.map(values())
        for _ in range(10):
            next(results)
        assert len(read) == 10 + processes.AHEAD * 2


def test_an_error_comes_where_its_value_stood_and_before_that_of_a_later_reading():
    def values():
        yield from [1, 2, "no number", 4]
        raise CorpusError("cannot be read")

    with processes.ProcessPool(operator.neg, 2) as crew:
        results = crew.map(values())
        assert [next(results), next(results)] == [-1, -2]
        with pytest.raises(TypeError, match="bad operand"):
            next(results)
        results = crew.map(value for value in values() if value != "no number")
        assert [next(results) for _ in range(3)] == [-1, -2, -4]
        with pytest.raises(CorpusError, match="cannot be read"):
            next(results)


@WAYS
def test_what_a_function_prints_does_not_stand_among_the_results(capfd, start):
    with processes.ProcessPool(print, 1, start) as crew:
        assert list(crew.map(["a", "b"])) == [None, None]
    assert capfd.readouterr().out == ""


@WAYS
def test_a_process_that_was_ended_from_outside_is_named(start):
    said = r"^process \d+, one of 2 .* ended with status 3; where"
    with processes.ProcessPool(os._exit, 2, start) as crew, pytest.raises(NmtError, match=said):
        list(crew.map([3]))


def test_nobody_waits_for_processes_that_have_all_ended():
    with (
        processes.ProcessPool(os._exit, 1) as crew,
        pytest.raises(NmtError, match="ended with status 3"),
    ):
        list(crew.map([3, 3, 3]))


@WAYS
def test_processes_are_gone_after_the_block_even_in_the_middle_of_their_work(start):
    with processes.ProcessPool(time.sleep, 2, start) as crew:
        results = crew.map([0, 1000, 1000])
        assert next(results) is None
        running = [process.pid for process in crew._processes]
        began = time.monotonic()
    assert time.monotonic() - began < 20
    assert all(map(gone, running))


CHILD = """
import os, sys, time
from nmt.runtime import processes
with processes.ProcessPool(time.sleep, 2, getattr(processes, sys.argv[1])) as crew:
    results = crew.map([0, 0.1, 0.1, *[1] * 100])
    next(results)
    print(*(process.pid for process in crew._processes), flush=True)
    list(results)
"""


@pytest.mark.parametrize("start", ["Spawned", "Forked"])
def test_processes_end_by_themselves_where_the_first_one_was_killed(start):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    first = subprocess.Popen(
        [sys.executable, "-c", CHILD, start], stdout=subprocess.PIPE, text=True, env=environment
    )
    running = [int(word) for word in first.stdout.readline().split()]
    assert len(running) == 2
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    until = time.monotonic() + 30
    while not all(map(gone, running)):
        assert time.monotonic() < until
        time.sleep(0.05)


def closed(handle):
    """Say whether a number is of no open file."""
    try:
        os.fstat(handle)
    except OSError:
        return True
    return False


def test_a_copy_holds_no_file_of_the_first_process(tmp_path):
    with (
        (tmp_path / "file").open("w") as file,
        processes.ProcessPool(closed, 1, processes.Forked) as crew,
    ):
        assert list(crew.map([file.fileno(), 0])) == [True, False]
        assert not closed(file.fileno())


def test_several_threads_may_wait_for_one_process():
    process = processes.Forked(abs)
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(process.wait) for _ in range(4)]
        time.sleep(0.2)
        process.kill()
        assert [one.result() for one in waiting] == [-signal.SIGKILL] * 4
