"""A lack of memory: how it is recognised, and what is done in halves."""

import errno
import gc
import logging
import os
import re
import subprocess
import sys
import weakref
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from helpers.language_models import recurrent
from helpers.searches import fixed
from helpers.small_run import starter
from helpers.trainers import Data, Network, never_stop, updater

from nmt.config import command_line
from nmt.data.batch import Batch
from nmt.models.parameters import weights
from nmt.runtime import random_state
from nmt.runtime.errors import NmtError
from nmt.runtime.out_of_memory import is_out_of_memory, retry_in_halves
from nmt.search.hypothesis import Hypothesis
from nmt.search.in_parts import in_parts
from nmt.training.memory_limits import BatchSizeLimits
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.training.text_batching.continuous import StatefulModel
from nmt.training.validation.validation import mean_losses

ALLOCATOR = (
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you"
    " tried to allocate 42295296 bytes. Error code 12 (Cannot allocate memory)"
)


class OutOfMemoryError(RuntimeError):
    """Named as torch's own."""


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(ALLOCATOR),
        RuntimeError("could not create a primitive"),
        RuntimeError("could not execute a primitive"),
        RuntimeError("could not create a memory object"),
        RuntimeError("std::bad_alloc"),
        OutOfMemoryError("CUDA"),
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_a_lack_of_memory_is_recognized_by_the_libraries_messages(error):
    assert is_out_of_memory(error)


def test_errors_of_numpy_and_torch_are_recognized():
    with pytest.raises(MemoryError) as of_numpy:
        np.empty(1 << 60, np.uint8)
    with pytest.raises(RuntimeError) as of_torch:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(of_numpy.value)
    assert is_out_of_memory(of_torch.value)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("could not create a primitive descriptor for the matmul primitive"),
        RuntimeError("could not create a memory descriptor from blob"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        ValueError("out of memory"),
        OSError(errno.ENOSPC, "No space left on device"),
        KeyboardInterrupt("out of memory"),
    ],
)
def test_other_errors_are_not_a_lack_of_memory(error):
    assert not is_out_of_memory(error)


def at_most(rows):
    def work(part):
        if part.stop - part.start > rows:
            raise MemoryError
        return list(range(part.start, part.stop))

    return work


def test_a_batch_that_does_not_fit_is_repeated_in_halves_in_order():
    assert retry_in_halves(at_most(9), 7, "") == [[0, 1, 2, 3, 4, 5, 6]]
    assert retry_in_halves(at_most(2), 7, "") == [[0], [1, 2], [3, 4], [5, 6]]
    assert retry_in_halves(at_most(1), 3, "") == [[0], [1], [2]]


def test_a_single_line_that_does_not_fit_is_reported_with_advice():
    with pytest.raises(NmtError, match=r"^a single line does not fit into memory; buy more$"):
        retry_in_halves(at_most(0), 3, "buy more")


def test_other_errors_are_not_repeated():
    calls = []

    def work(part):
        calls.append(part)
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        retry_in_halves(work, 8, "")
    assert len(calls) == 1


def batch(rows, width):
    target = torch.full((rows, width + 1), 5)
    return Batch(target[:, 1:], target)


def sizes(limits, rows, width):
    return [len(part.source) for part in limits.split(batch(rows, width))]


def test_batches_as_wide_as_one_that_did_not_fit_or_wider_are_split():
    limits = BatchSizeLimits()
    assert sizes(limits, 9, 10) == [9]
    assert limits.halve(batch(9, 10)) == 40
    assert limits.limits == {10: 40}
    assert sizes(limits, 9, 10) == [4, 4, 1]
    assert sizes(limits, 9, 9) == [9]
    assert sizes(limits, 9, 21) == [1] * 9
    assert sizes(limits, 4, 10) == [4]
    assert limits.halve(batch(4, 12)) == 24
    assert limits.limits == {10: 40, 12: 24}
    assert sizes(limits, 9, 11) == [3, 3, 3]
    assert sizes(limits, 9, 12) == [2, 2, 2, 2, 1]
    assert limits.halve(batch(4, 8)) == 16
    assert limits.limits == {8: 16}


def test_parts_hold_each_row_once():
    limits = BatchSizeLimits()
    limits.limits = {1: 12}
    (whole, *_) = Data().epoch(0, 0)
    parts = list(limits.split(whole))
    assert [len(part.source) for part in parts] == [2, 1]
    assert torch.equal(torch.cat([part.source for part in parts]), whole.source)
    assert torch.equal(torch.cat([part.target for part in parts]), whole.target)


class Small(CrossEntropy):
    """An objective for which memory suffices up to a number of rows."""

    def __init__(self, rows, error=None):
        super().__init__(0.1, 16)
        for name, value in (("rows", rows), ("error", error or RuntimeError(ALLOCATOR))):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "seen", [])

    def __call__(self, network, batch, update):
        if batch.target.shape[1] == 3:  # the warm-up
            return super().__call__(network, batch, update)
        self.seen.append(len(batch.source))
        loss = super().__call__(network, batch, update)
        if len(batch.source) > self.rows:
            raise self.error
        return loss


def still(network):
    network.dropout.p = 0.0
    return network


def gradients(run, batches):
    run.update(batches, 1, 0.0, never_stop)
    return [parameter.grad.clone() for parameter in run.network.parameters()]


def test_a_batch_in_parts_gives_the_gradients_of_the_whole():
    torch.manual_seed(3)
    network = still(Network())
    batches = list(Data().epoch(0, 0))
    whole = gradients(updater(1e9, network=network), batches)
    small = Small(1)
    parts = gradients(updater(1e9, small, network), batches)
    assert small.seen == [3] + [1] * 15
    for left, right in zip(whole, parts, strict=True):
        torch.testing.assert_close(left, right)


def test_a_batch_that_does_not_fit_is_split_with_a_warning_and_samples_as_parts_do(caplog):
    moved = []
    for limits, rows in (({}, 2), ({5: 5}, 2)):
        random_state.seed(1)
        run = updater(objective=Small(rows))
        run.batch_sizes.limits = limits
        with caplog.at_level(logging.WARNING):
            for number in (1, 2):
                assert (
                    run.update(list(Data().epoch(0, 0)), number, 0.1, never_stop).skip_reason
                    is None
                )
        assert run.batch_sizes.limits == {5: 5}
        moved.append((weights(run.network), torch.get_rng_state()))
    assert caplog.messages == [
        "update 1: 3 lines of up to 5 pieces (15 positions) do not fit into memory; from now on "
        "batches of that length or longer are split into parts of at most 5 positions"
    ]
    (one, after_one), (other, after_other) = moved
    assert torch.equal(after_one, after_other)
    for name, weight in one.items():
        assert torch.equal(weight, other[name])


def test_limits_of_batch_sizes_are_part_of_the_state():
    run = updater(objective=Small(1))
    run.update(list(Data().epoch(0, 0)), 1, 0.1, never_stop)
    state = run.state()
    again = updater(objective=Small(1))
    again.restore(state)
    assert again.batch_sizes.limits == {5: 5}


def test_an_update_with_a_line_that_does_not_fit_alone_is_skipped_and_counted(caplog):
    run = updater(objective=Small(0))
    before = weights(run.network)
    random = torch.get_rng_state()
    batches = list(Data().epoch(0, 0))[:2]
    result = run.update(batches, 1, 0.1, never_stop)
    assert result.skip_reason.cause == (
        "a line of 5 source and 5 target pieces does not fit into memory alone"
    )
    assert "filter.max_pieces" in result.skip_reason.remedy
    assert (result.rows, result.target_pieces, result.source_pieces) == (6, 30, 30)
    assert [len(part.source) for part in result.offending_batches] == [1]
    assert torch.equal(random, torch.get_rng_state())
    for name, weight in weights(run.network).items():
        assert torch.equal(weight, before[name])


def test_memory_is_released_before_a_batch_is_tried_again():
    held = []

    class Watching(Small):
        def __call__(self, network, batch, update):
            alive = [one for one in held if one() is not None]
            assert not alive, "the tensors of the failed attempt still exist"
            if batch.target.shape[1] > 3 and len(batch.source) > 1:
                large = network(batch)
                held.append(weakref.ref(large))
                raise RuntimeError(ALLOCATOR)
            return super().__call__(network, batch, update)

    gc.disable()
    try:
        run = updater(objective=Watching(1))
        assert run.update(list(Data().epoch(0, 0)), 1, 0.1, never_stop).skip_reason is None
    finally:
        gc.enable()
    assert held


def test_other_errors_of_an_update_are_raised_unchanged():
    run = updater(objective=Small(2, RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        run.update(list(Data().epoch(0, 0)), 1, 0.1, never_stop)
    assert run.batch_sizes.limits == {}


def test_an_optimizer_that_does_not_fit_is_reported_in_one_line(monkeypatch):
    run = updater()

    def step():
        raise RuntimeError(ALLOCATOR)

    monkeypatch.setattr(run.optimizer, "step", step)
    with pytest.raises(NmtError, match=r"out of memory in the optimizer, .* smaller model$"):
        run.update(list(Data().epoch(0, 0)), 1, 0.1, never_stop)


def test_a_warm_up_changes_neither_weights_nor_random_states():
    moved = []
    for warmed_up in (True, False):
        random_state.seed(1)
        run = updater()
        run._warmed_up = warmed_up
        run.update(list(Data().epoch(0, 0)), 1, 0.1, never_stop)
        moved.append((weights(run.network), torch.get_rng_state()))
    (one, after_one), (other, after_other) = moved
    assert torch.equal(after_one, after_other)
    for name, weight in one.items():
        assert torch.equal(weight, other[name])


def test_a_validation_that_does_not_fit_is_done_in_parts():
    torch.manual_seed(3)
    network = Network().eval()
    small = Small(1)
    losses = mean_losses(network, small, Data().epoch(0, 0))
    assert losses == pytest.approx(mean_losses(network, Small(9), Data().epoch(0, 0)), rel=1e-6)
    assert small.seen == [3, 1, 2, 1, 1] * 5
    with pytest.raises(NmtError, match=r"a single line .* smaller validation_budget"):
        mean_losses(network, Small(0), Data().epoch(0, 0))


@dataclass(frozen=True)
class Echo:
    """A search that returns the source, and for which memory suffices up to a number of rows."""

    rows: int

    def __call__(self, scorer, source):
        if len(source) > self.rows:
            raise RuntimeError("could not create a primitive")
        return [[Hypothesis(tuple(row), -1.0, -1.0)] for row in source.tolist()]


def test_a_search_that_does_not_fit_is_done_in_parts():
    source = torch.arange(14).view(7, 2)
    scorer = fixed([])
    hypotheses = in_parts(Echo(2), scorer, source, "")
    assert [one.ids for (one,) in hypotheses] == [tuple(row) for row in source.tolist()]
    with pytest.raises(NmtError, match=r"search\.size"):
        in_parts(Echo(0), scorer, source, "give smaller search.size")


def test_continuous_text_that_does_not_fit_is_an_error():
    reader = StatefulModel(recurrent(), 4)
    reader(batch(4, 6))
    with pytest.raises(
        NmtError, match=r"text_batching\.rows=4 rows of text_batching\.positions=6 positions do not"
    ):
        reader(batch(4, 6).part(slice(0, 2)))


def test_a_command_without_memory_ends_with_one_line(monkeypatch, capsys):
    def exhausting(config):
        raise RuntimeError(ALLOCATOR)

    monkeypatch.setattr(sys, "argv", ["nmt.score"])
    assert command_line.run("score", exhausting) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error == (
        "error: out of memory; close other programs, or lower batches.budget, "
        "text_batching.budget, validation_budget or windows.pieces, whichever of them --help "
        "names\n"
    )


WORK = """
import re, resource, sys
import torch
import nmt.train
from nmt.config import command_line
from nmt.models.decoders.parallel import ParallelDecoder


def hungry(self, ids, memory, forward=ParallelDecoder.forward):
    # The network alone would be short of room in whichever operation timing makes the last one.
    with_it = torch.empty(ids.numel() << 16, dtype=torch.uint8)
    return forward(self, ids, memory)


ParallelDecoder.forward = hungry
megabytes = int(sys.argv.pop(1))
if megabytes:
    size = re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1]
    limit = int(size) * 1024 + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(command_line.run("train", nmt.train.train))
"""


def trained(folder, megabytes, *arguments):
    """Train with so much memory above what imports take; 0 is no limit."""
    words = [
        "data=files",
        *(
            f"data.{split}.{side}=[{split}.{language}]"
            for split in ("train", "valid")
            for side, language in (("source", "de"), ("target", "en"))
        ),
        "data.test=null",
        "tokenizer.size=200",
        "tokenizer.threads=1",
        "model.hidden_size=128",
        "model.embedding_size=128",
        "precision=float32",
        "epochs=null",
        "report_every=1",
        "validate_every=2",
        "samples=0",
        "threads=1",
        "batches.budget=100000",
        "run=runs/a",
        *arguments,
    ]
    return subprocess.run(
        [sys.executable, "-c", WORK, str(megabytes), *words],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )


def state(folder):
    """What the updater saved last."""
    files = sorted((folder / "runs/a/training").glob("state*.pt"))
    return torch.load(files[-1], weights_only=True)["updater"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are read from /proc")
def test_a_training_whose_batches_do_not_fit_halves_them_and_can_be_resumed(tmp_path):
    # One batch of 60 lines needs 400 MB and what the network needs, some 500.
    for split, first, last in (("train", 0, 60), ("valid", 150, 160)):
        for language in ("de", "en"):
            lines = starter(f"valid.{language}")[first:last]
            (tmp_path / f"{split}.{language}").write_text("\n".join(lines) + "\n")
    ended = trained(tmp_path, 780, "updates=1")
    assert ended.returncode == 0, ended.stderr
    limits_logged = re.findall(
        r"update 1: (\d+) lines .* parts of at most (\d+) positions", ended.stderr
    )
    assert limits_logged[0][0] == "60"
    assert "bleu" in ended.stdout
    limits = state(tmp_path)["batch_sizes"]
    assert list(limits.values()) == [int(limits_logged[-1][1])]
    resumed = trained(tmp_path, 0, "updates=2")
    assert resumed.returncode == 0, resumed.stderr
    assert "resuming after update 1" in resumed.stderr
    assert "do not fit" not in resumed.stderr
    assert state(tmp_path)["batch_sizes"] == limits
