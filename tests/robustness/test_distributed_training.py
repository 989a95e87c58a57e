"""Training in several processes: equal to training in one, and all end with one."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from helpers.small_run import starter
from helpers.small_trainings import SMALL

from nmt import train
from nmt.config.command_line import configuration
from nmt.runtime import device, locks
from nmt.runtime.errors import ConfigurationError, LostProcessError
from nmt.train_language_model import learn
from nmt.training.distributed import collectives, launcher

ROOT = Path(__file__).parents[2]
FILES = [
    f"data.{split}.{side}={split}.{language}"
    for split in ("train", "valid", "test")
    for side, language in (("source", "de"), ("target", "en"))
]
STILL = ["averaging=none", "model.dropout=0.0", "report_every=1"]
BROKEN = """
import math
import os
from dataclasses import dataclass, replace
from nmt.training.objectives.cross_entropy import CrossEntropy

class Broken(CrossEntropy):
    def __call__(self, network, batch, update):
        loss = super().__call__(network, batch, update)
        if network.training and os.environ["RANK"] == "1" and update == 1:
            return replace(loss, sum=loss.sum * math.nan)
        return loss
"""


@pytest.mark.parametrize(
    ("threads", "place", "pieces", "previous", "expected"),
    [
        (None, "cpu", 100_000, None, 4),
        (None, "cpu", 100, None, 1),
        (4, "cpu", 100_000, None, 1),
        (None, "cuda", 100_000, None, 1),
        (None, "cpu", 100, 3, 3),
        (None, "cpu", 100_000, 1, 1),
    ],
)
def test_auto_starts_a_process_per_core_where_batches_are_large(
    monkeypatch, threads, place, pieces, previous, expected
):
    monkeypatch.setattr(launcher.cpus, "count", lambda: 4)
    monkeypatch.setattr(launcher.torch, "get_num_threads", lambda: 4)
    assert launcher.process_count("auto", threads, place, pieces, previous) == expected


def test_auto_starts_one_process_on_other_systems(monkeypatch):
    monkeypatch.setattr(launcher, "LOOPBACK", {})
    assert launcher.process_count("auto", None, "cpu", 1_000_000, None) == 1


@pytest.mark.parametrize(
    ("workers", "threads", "place", "message"),
    [
        ("few", None, "cpu", "^workers=few: expected auto, or a whole number, 1 to 1024$"),
        (2, 3, "cpu", "^threads=3: expected null or 1 with workers=2, each of which has one "),
        (2, None, "cuda", "^workers=2: expected 1 with device=cuda$"),
    ],
)
def test_workers_that_cannot_train_are_refused(workers, threads, place, message):
    with pytest.raises(ConfigurationError, match=message):
        launcher.process_count(workers, threads, place, 1, None)


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [("auto", 1, "cuda:1"), ("cuda", 2, "cuda:2"), ("cuda:0", 1, "cuda:0"), ("auto", 0, "cuda")],
)
def test_each_process_of_a_machine_uses_the_gpu_of_its_rank(monkeypatch, name, number, expected):
    monkeypatch.setenv("LOCAL_RANK", str(number))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "empty", lambda size, device: device)  # There is no GPU here.
    assert device.choose(name, collectives.local_rank()) == torch.device(expected)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a corpus, in which the trainings run."""
    folder = tmp_path_factory.mktemp("trainings")
    for split, first, last in (("train", 0, 60), ("valid", 60, 70), ("test", 70, 72)):
        for language in ("de", "en"):
            lines = starter(f"valid.{language}")[first:last]
            (folder / f"{split}.{language}").write_text("\n".join(lines) + "\n")
    return folder


def started(folder, ranks, *arguments):
    """Start the processes of one training as torchrun does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "nmt.train", *SMALL, *FILES, *arguments]
    variables = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "WORLD_SIZE": str(ranks)}
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **variables, **meeting, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(ranks)
    ]


def ended(processes):
    """Wait for all; return their statuses, outputs and logs."""
    outputs = [process.communicate(timeout=600) for process in processes]
    return [(process.returncode, *texts) for process, texts in zip(processes, outputs, strict=True)]


def trained(folder, ranks, *arguments):
    results = ended(started(folder, ranks, *arguments))
    assert [status for status, _, _ in results] == [0] * ranks, results
    assert [texts for _, *texts in results[1:]] == [["", ""]] * (ranks - 1)
    return results[0][1:]


def state(folder, run):
    (path,) = sorted((folder / run / "training").glob("state-*.pt"))[-1:]
    return torch.load(path, weights_only=True)


def records(folder, run):
    lines = (folder / run / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_two_processes_train_the_model_of_one(folder):
    out, log = trained(folder, 2, *STILL, "run=two")
    trained(folder, 1, *STILL, "run=one")
    one, two = (state(folder, run) for run in ("one", "two"))
    for name, weight in one["updater"]["network"].items():
        torch.testing.assert_close(two["updater"]["network"][name], weight, rtol=1e-3, atol=1e-5)
    lines = list(zip(records(folder, "one"), records(folder, "two"), strict=True))
    assert len(lines) > 4
    for left, right in lines:
        same = {"loss", "gradient_norm", "target_pieces", "source_pieces", "score"} & set(left)
        assert len(same) > 0
        for key in same:
            assert left[key] == pytest.approx(right[key], rel=1e-3), key
    assert out.startswith("run two\nvalid  loss ")
    assert len(re.findall("training ends", log)) == 1


def test_another_number_of_processes_is_announced_or_refused(folder):
    trained(folder, 2, *STILL, "run=three", "updates=1")
    ((status, _, log),) = ended(started(folder, 1, *STILL, "run=three", "workers=1"))
    assert status == 2
    assert log.splitlines()[-1].startswith("error: ")
    assert "processes" in log.splitlines()[-1]
    trained(folder, 1, *STILL, "run=three", "updates=2", "workers=1", "resumption=fork")
    stored = yaml.safe_load((folder / "three" / "training" / "config.yaml").read_text())
    assert stored["forks"] == [{"update": 1, "keys": ["processes"]}]


ENDLESS = ["updates=100000", "validate_every=null"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["workers=3"], "^workers=3: expected auto, as 2 processes are running$"),
        (["workers=few"], "^workers=few: expected auto, or a whole number, "),
    ],
)
def test_torchrun_determines_the_number_of_workers(monkeypatch, words, message):
    monkeypatch.setenv("WORLD_SIZE", "2")
    launcher.check_running(configuration("train", ["workers=2"], ()).workers)
    with pytest.raises(ConfigurationError, match=message):
        launcher.check_running(configuration("train", words, ()).workers)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("accumulate=0", "^accumulate=0: expected a whole number, 1 or"),
        ("batches.budget=null", "^budget=None of .*BucketedBatches: expected int$"),
        ("batches.budget=0", "^batches.budget=0: expected a whole number, 1 or"),
    ],
)
def test_an_update_without_a_number_of_pieces_is_refused(word, message):
    with pytest.raises(ConfigurationError, match=message):
        train._spec(configuration("train", [word], ()))


def test_a_process_that_ends_before_it_connects_to_the_others_is_one_error(monkeypatch, capfd):
    monkeypatch.setattr(launcher, "START", "raise SystemExit('no memory')")
    lost = pytest.raises(LostProcessError, match="has ended at once")
    with lost, launcher.launch(2, "train", []):
        raise AssertionError("it was taken for a running process")
    assert "no memory" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_other_machine_can_join():
    store = launcher._store()
    port = f":{store.port:04X} "
    lines = [
        line.split()[1:4]
        for name in ("tcp", "tcp6")
        for line in Path("/proc/net", name).read_text().splitlines()
        if port in line
    ]
    listening = [local for local, _, state in lines if state == "0A"]
    assert listening == [f"0100007F{port.strip()}"]


def alone(folder, *arguments):
    """Start a training that starts its other processes itself, in a session of its own."""
    own = {name: value for name, value in os.environ.items() if name != "WORLD_SIZE"}
    return subprocess.Popen(
        [sys.executable, "-m", "nmt.train", *SMALL, *FILES, *STILL, *arguments],
        cwd=folder,
        env={**own, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children(process):
    """Return the child processes of a process."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def has_ended(pid):
    """Return whether a process ends."""
    until = time.monotonic() + 300
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    return not Path(f"/proc/{pid}").exists()


def has_records(path):
    """Return whether a training has logged an update; the file exists before."""
    return path.exists() and path.stat().st_size > 0


def updating(folder, run, process):
    """Wait until a training has made an update; return its child process."""
    until = time.monotonic() + 600
    while not has_records(folder / run / "metrics.jsonl"):
        assert time.monotonic() < until
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    (child,) = children(process)
    return child


def logged(folder, *arguments):
    ((status, out, log),) = ended([alone(folder, *arguments)])
    assert status == 0, log
    return out, log


def test_resumed_workers_equal_uninterrupted_processes_of_torchrun(folder):
    arguments = ["averaging=best", "model.dropout=0.3", "schedule=constant", "validate_every=1"]
    out, log = logged(folder, *arguments, "run=halves", "workers=2", "updates=2")
    assert "training with 2 processes of one thread each" in log
    assert out.startswith("run halves\nvalid  loss ")
    _, log = logged(folder, *arguments, "run=halves", "workers=auto", "updates=3")
    assert "resuming after update 2" in log
    assert "training with 2 processes of one thread each" in log
    trained(folder, 2, *arguments, "run=whole", "updates=3")
    whole, halves = (state(folder, run) for run in ("whole", "halves"))
    for name, weight in whole["updater"]["network"].items():
        assert torch.equal(halves["updater"]["network"][name], weight), name
    assert torch.equal(whole["others"][0]["torch"], halves["others"][0]["torch"])
    assert not torch.equal(whole["others"][0]["torch"], whole["random"]["torch"])


def test_a_signal_ends_workers_in_an_orderly_way(folder):
    process = alone(folder, "run=interrupted", "workers=2", *ENDLESS)
    child = updating(folder, "interrupted", process)
    os.killpg(process.pid, signal.SIGINT)
    ((status, _, log),) = ended([process])
    assert (status, log.count("error: ")) == (128 + signal.SIGINT, 0)
    assert "interrupted; everything is saved" in log
    assert state(folder, "interrupted")["state"]["update"] > 0
    assert has_ended(child)


def test_workers_end_with_the_first_process_however_that_ends(folder):
    process = alone(folder, "run=orphans", "workers=2", *ENDLESS)
    child = updating(folder, "orphans", process)
    process.kill()
    process.communicate()
    assert has_ended(child)


def test_a_worker_that_is_killed_is_one_error_line(folder):
    process = alone(folder, "run=lost", "workers=2", *ENDLESS)
    os.kill(updating(folder, "lost", process), signal.SIGKILL)
    ((status, _, log),) = ended([process])
    assert status == 2
    assert len(re.findall("error: another process of this training has ended", log)) == 1


def test_an_error_is_reported_once_and_as_by_one_process(folder):
    wrong = ("objective._target_=broken.Broken", "objective.smoothing=2.0", "run=wrong")
    (folder / "broken.py").write_text(BROKEN)
    one, two = ended([alone(folder, *wrong, f"workers={number}") for number in (1, 2)])
    errors = [log.splitlines()[-1] for _, _, log in (one, two)]
    assert (one[0], two[0]) == (2, 2)
    assert errors[0] == errors[1]
    assert two[2].count("error: ") == 1


def running(folder, run):
    processes = started(folder, 2, *STILL, f"run={run}", *ENDLESS)
    until = time.monotonic() + 600
    while not has_records(folder / run / "metrics.jsonl"):
        assert time.monotonic() < until
        assert [process.poll() for process in processes] == [None, None]
        time.sleep(0.05)
    return processes


def test_the_others_end_with_one_that_is_killed_and_report_it_in_one_line(folder):
    processes = running(folder, "killed")
    processes[1].send_signal(signal.SIGKILL)
    (status, _, log), (_, _, other) = ended(processes)
    assert (status, other) == (2, "")
    assert len(re.findall("error: another process of this training has ended", log)) == 1


def test_a_signal_to_any_process_ends_all_in_an_orderly_way(folder):
    processes = running(folder, "stopped")
    processes[1].send_signal(signal.SIGTERM)
    (first, _, log), (second, _, other) = ended(processes)
    assert (first, second, other) == (143, 143, "")
    assert "interrupted; everything is saved" in log
    assert state(folder, "stopped")["state"]["update"] > 0


def test_a_folder_that_another_training_writes_is_refused_in_one_line(folder):
    with locks.locked(folder / "taken" / "training"):
        (first, _, log), (_, out, other) = ended(started(folder, 2, *STILL, "run=taken"))
    assert (first, out, other) == (2, "", "")
    (line,) = log.splitlines()
    assert line.startswith("error: taken/training is being written by process ")


def test_updates_that_only_one_process_cannot_make_are_skipped_by_all(folder):
    (folder / "broken.py").write_text(BROKEN)
    broken = ["objective._target_=broken.Broken", "updates=2", "validate_every=2"]
    _, log = trained(folder, 2, *STILL, *broken, "run=broken")
    assert "update 1 is skipped, its loss or gradient is not finite" in log
    assert list((folder / "broken" / "training" / "skipped").iterdir())
    assert state(folder, "broken")["state"]["update"] == 2


def test_several_processes_are_refused_for_a_language_model(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigurationError, match=r"^WORLD_SIZE=2: one process trains a "):
        learn(configuration("train_language_model", [], ()), "train_language_model")
