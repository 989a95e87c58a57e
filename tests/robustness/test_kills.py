"""SIGKILL at any moment of a training loses at most what came after its last state.

Three kills by default; NMT_KILLS=50 pytest tests/robustness/test_kills.py makes fifty.
"""

import json
import os
import random
import subprocess
import sys
import time

import pytest
import torch
from helpers.small_run import starter

from nmt.training.checkpoints import Checkpoints

KILLS = int(os.environ.get("NMT_KILLS", "3"))
UPDATES = 10 + 15 * KILLS

SMALL = (
    "data=files",
    "tokenizer.size=200",
    "tokenizer.threads=1",
    "segmentation=sampled",
    "model.hidden_size=16",
    "model.embedding_size=16",
    "model.dropout=0.2",
    "precision=float32",
    "epochs=null",
    f"updates={UPDATES}",
    "patience=null",
    "averaging=best",
    "batches.budget=400",
    "report_every=3",
    "validate_every=7",
    "samples=0",
    "schedule.warmup=5",
    "validation_search.length_factor=0.1",
    "validation_search.length_extra=2",
    "threads=1",
    "save_seconds=0.0",
)
TIMES = ("seconds", "seconds_left", "validation_seconds", "per_second")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for split, first, last in (("train", 0, 190), ("valid", 190, 200)):
        for language in ("de", "en"):
            lines = starter(f"valid.{language}")[first:last]
            (folder / f"{split}.{language}").write_text("\n".join(lines) + "\n")
    return folder


def start(corpus, run):
    files = [
        f"data.{split}.{side}={corpus}/{split}.{language}"
        for split in ("train", "valid")
        for side, language in (("source", "de"), ("target", "en"))
    ]
    where = [f"run={run}", f"prepared={corpus}/prepared", "data.test=null"]
    return subprocess.Popen(
        [sys.executable, "-m", "nmt.train", *SMALL, *files, *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    _, error = process.communicate(timeout=600)
    assert process.returncode == 0, error
    return error


@pytest.fixture(scope="module")
def straight(corpus):
    finish(start(corpus, corpus / "straight"))
    return corpus / "straight"


def wait(process, happened):
    while process.poll() is None and not happened():
        time.sleep(0.0005)


def states(run):
    """Return the names of saved states, without checksums, and that of the initial one."""
    return {path.name[:14] for path in run.rglob("state-*.pt")} | {"state-00000000"}


def kill(process, run, kind, random_):
    """Kill a training after its start, after it saved its state, or while it writes a file."""
    before = states(run)
    for line in process.stderr:
        if line.startswith("computing in"):
            break
    if kind > 0:
        wait(process, lambda: states(run) - before)
    if kind < 2:
        time.sleep(random_.uniform(0.0, 0.5))
    else:
        wait(process, lambda: any(run.rglob("*.part")))
        time.sleep(random_.choice([0.0, 0.001]))
    process.kill()
    process.communicate()
    return process.returncode == -9


def metrics(run):
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in one.items() if not name.endswith(TIMES)} for one in records
    ]


def same(one, other):
    """Compare two nests bit for bit, without the clock."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            key == "seconds" or same(one[key], other[key]) for key in one
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def names(run):
    """Return all files of a run, without checksums of states, which depend on the clock."""
    paths = (path.relative_to(run) for path in run.rglob("*") if path.is_file())
    return sorted(str(path).split("-")[0] if "state-" in path.name else str(path) for path in paths)


def test_a_training_killed_again_and_again_ends_as_one_that_was_never_killed(corpus, straight):
    random_ = random.Random(KILLS)
    run = corpus / "killed"
    kills = 0
    while kills < KILLS:
        kills += kill(start(corpus, run), run, kills % 3, random_)
    error = finish(start(corpus, run))
    assert "resuming after update" in error, error
    assert (run / "model.safetensors").read_bytes() == (straight / "model.safetensors").read_bytes()
    assert metrics(run) == metrics(straight)
    states = [Checkpoints(folder / "training", 2).newest() for folder in (run, straight)]
    assert states[0]["state"]["update"] == UPDATES
    assert same(*states)
    assert names(run) == names(straight)
