"""Several processes train as one does with the joined batches, and all end where one does."""

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
from small_run import starter
from test_train import SMALL

from nmt import lock
from nmt.command_line import configuration
from nmt.errors import ConfigurationError
from nmt.train_language_model import learn

ROOT = Path(__file__).parent.parent
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
from nmt.objectives.cross_entropy import CrossEntropy

class Broken(CrossEntropy):
    def __call__(self, network, batch, update):
        loss = super().__call__(network, batch, update)
        if network.training and os.environ["RANK"] == "1" and update == 1:
            return replace(loss, sum=loss.sum * math.nan)
        return loss
"""


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
    """Wait for all; give their statuses, outputs and logs."""
    found = [process.communicate(timeout=100) for process in processes]
    return [(process.returncode, *said) for process, said in zip(processes, found, strict=True)]


def trained(folder, ranks, *arguments):
    found = ended(started(folder, ranks, *arguments))
    assert [status for status, _, _ in found] == [0] * ranks, found
    assert [said for _, *said in found[1:]] == [["", ""]] * (ranks - 1)
    return found[0][1:]


def state(folder, run):
    (path,) = sorted((folder / run / "training").glob("state-*.pt"))[-1:]
    return torch.load(path, weights_only=True)


def records(folder, run):
    lines = (folder / run / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_two_processes_make_the_model_of_one_with_the_joined_batches(folder):
    out, log = trained(folder, 2, *STILL, "run=two")
    trained(folder, 1, *STILL, "run=one", "accumulate=2")
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


def test_two_processes_interrupted_and_resumed_equal_themselves_uninterrupted(folder):
    arguments = ["averaging=best", "model.dropout=0.3", "schedule=constant", "validate_every=1"]
    trained(folder, 2, *arguments, "run=whole", "updates=4")
    trained(folder, 2, *arguments, "run=halves", "updates=3")
    trained(folder, 2, *arguments, "run=halves", "updates=4")
    whole, halves = (state(folder, run) for run in ("whole", "halves"))
    for name, weight in whole["updater"]["network"].items():
        assert torch.equal(halves["updater"]["network"][name], weight), name
    assert torch.equal(whole["others"][0]["torch"], halves["others"][0]["torch"])
    assert not torch.equal(whole["others"][0]["torch"], whole["random"]["torch"])


def test_another_number_of_processes_is_announced_or_refused(folder):
    trained(folder, 2, *STILL, "run=three", "updates=2")
    ((status, _, log),) = ended(started(folder, 1, *STILL, "run=three"))
    assert status == 2
    assert log.splitlines()[-1].startswith("error: ")
    assert "processes" in log.splitlines()[-1]
    trained(folder, 1, *STILL, "run=three", "resume=fork")
    stored = yaml.safe_load((folder / "three" / "training" / "config.yaml").read_text())
    assert stored["forks"] == [{"update": 2, "keys": ["processes"]}]


def running(folder, run):
    processes = started(folder, 2, *STILL, f"run={run}", "updates=100000", "validate_every=null")
    until = time.monotonic() + 60
    while not (folder / run / "metrics.jsonl").exists():
        assert time.monotonic() < until
        assert [process.poll() for process in processes] == [None, None]
        time.sleep(0.05)
    return processes


def test_the_others_end_with_one_that_is_killed_and_say_so_in_one_line(folder):
    processes = running(folder, "killed")
    processes[1].send_signal(signal.SIGKILL)
    (status, _, log), (_, _, other) = ended(processes)
    assert (status, other) == (2, "")
    assert len(re.findall("error: another process of this training has ended", log)) == 1


def test_a_signal_to_any_process_ends_all_in_good_order(folder):
    processes = running(folder, "stopped")
    processes[1].send_signal(signal.SIGTERM)
    (first, _, log), (second, _, other) = ended(processes)
    assert (first, second, other) == (143, 143, "")
    assert "interrupted; everything is saved" in log
    assert state(folder, "stopped")["progress"]["update"] > 0


def test_a_folder_that_another_training_writes_is_refused_in_one_line(folder):
    with lock.locked(folder / "taken" / "training"):
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
    assert state(folder, "broken")["progress"]["update"] == 2


def test_several_processes_are_refused_for_a_language_model(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigurationError, match=r"^WORLD_SIZE=2: one process trains a "):
        learn(configuration("train_language_model", [], ()), "train_language_model")
