"""Signals within an update, updates that are skipped, and what is kept of them."""

import dataclasses
import json
import logging
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from helpers.small_run import save, starter
from helpers.small_run import tokenizer as small_tokenizer
from helpers.tiny_language_models import TINY, call  # noqa: F401
from helpers.trainers import (
    EIGHTEEN,
    INTERVALS,
    ROWS,
    Data,
    Failing,
    assert_equal,
    metrics,
    never_stop,
    trainer,
    updater,
)

from nmt.config import command_line
from nmt.data.batch import Batch
from nmt.runtime.errors import NmtError
from nmt.runtime.signals import DeferredSignals, Interrupted, Terminated
from nmt.train import train
from nmt.train_language_model import train_language_model
from nmt.training.memory_limits import rollback_on_error
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.training.progress import SkipReason, UpdateResult
from nmt.training.skipped_updates import SkippedUpdates

# ---- signals


class Signalling(CrossEntropy):
    """An objective that sends the process a signal in a certain batch."""

    def __init__(self, number, batch):
        super().__init__(0.1, 16)
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "left", [batch])
        object.__setattr__(self, "seen", [])

    def __call__(self, network, batch, update):
        loss = super().__call__(network, batch, update)
        if batch.target.shape[1] > 3:  # not the warm-up
            self.seen.append(update)
            self.left[0] -= 1
            if self.left[0] == 0:
                signal.raise_signal(self.number)
        return loss


MANY = dataclasses.replace(INTERVALS, accumulate=5)


def final(run):
    """Return the state of a training at its end, without Python's random generator."""
    return {
        "state": run.state.as_dict(),
        "updater": run.updater.state(),
        "torch": torch.get_rng_state(),
    }


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight")
    run = trainer(folder, intervals=MANY)
    run.train()
    return folder, final(run)


def without_seconds(state):
    means = {**state["state"]["means"], "seconds": 0.0}
    return {**state, "state": {**state["state"], "seconds": 0.0, "means": means}}


@pytest.mark.parametrize("batch", [1, 2, 4, 23, 24, 61])
def test_an_update_is_interrupted_between_its_batches_and_repeated_bit_for_bit(
    straight, tmp_path, batch
):
    run = trainer(tmp_path, intervals=MANY)
    run.updater.objective = objective = Signalling(signal.SIGTERM, batch)
    with pytest.raises(Interrupted) as interrupted:
        run.train()
    assert interrupted.value.status == 143
    assert len(objective.seen) == batch
    assert run.state.update == (batch - 1) // 5
    again = trainer(tmp_path, intervals=MANY, seed=77)
    again.train()
    folder, expected = straight
    assert_equal(without_seconds(final(again)), without_seconds(expected))
    assert metrics(folder) == metrics(tmp_path)


def test_the_last_batch_of_an_update_is_not_discarded(tmp_path):
    run = trainer(tmp_path, intervals=MANY)
    run.updater.objective = Signalling(signal.SIGINT, 10)
    with pytest.raises(Interrupted) as interrupted:
        run.train()
    assert interrupted.value.status == 130
    assert run.state.update == 2


def test_an_error_rolls_back_gradients_buffers_and_random_generators():
    network = torch.nn.BatchNorm1d(3)
    buffers = [buffer.clone() for buffer in network.buffers()]
    random = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), rollback_on_error(network):
        network(torch.randn(5, 3)).sum().backward()
        assert not torch.equal(network.running_mean, buffers[0])
        raise ZeroDivisionError
    assert torch.equal(torch.get_rng_state(), random)
    assert network.weight.grad is None
    assert_equal(list(network.buffers()), buffers)
    with rollback_on_error(network):
        network(torch.randn(5, 3)).sum().backward()
    assert network.weight.grad is not None
    assert not torch.equal(torch.get_rng_state(), random)


def test_a_signal_that_came_at_the_very_end_is_not_lost():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted), DeferredSignals():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_sigterm_stops_at_once_without_saving(tmp_path):
    class Twice(Data):
        def epoch(self, number, skip):
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            raise AssertionError("the second signal was ignored")

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with pytest.raises(Terminated) as interrupted, command_line.raise_on_sigterm():
        trainer(tmp_path, Twice()).train()
    assert not isinstance(interrupted.value, Interrupted)
    assert not list(tmp_path.glob("*.pt"))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_command_ends_with_status_143_after_sigterm(monkeypatch, capsys):
    def stopped(config):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(300)
        raise AssertionError("the signal was ignored")

    monkeypatch.setattr(sys, "argv", ["nmt.score"])
    before = signal.getsignal(signal.SIGTERM)
    assert command_line.run("score", stopped) == 143
    assert capsys.readouterr() == ("", "")
    assert signal.getsignal(signal.SIGTERM) is before


def start(folder, *words):
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for(process, text):
    """Read the log until it contains a text."""
    seen = ""
    while text not in seen:
        line = process.stderr.readline()
        assert line, f"it ended without logging {text!r}:\n{seen}"
        seen += line


def wait_until(process, holds):
    while not holds():
        assert process.poll() is None
        time.sleep(0.05)


def end(process, number):
    """Send the signal; return status and log."""
    process.send_signal(number)
    _, error = process.communicate(timeout=300)
    return process.returncode, error


def corpus(folder, lines):
    for language in ("de", "en"):
        text = "\n".join(starter(f"valid.{language}")[:lines]) + "\n"
        (folder / f"train.{language}").write_text(text)
    return [
        "data=files",
        *(
            f"data.{split}.{side}=[train.{language}]"
            for split in ("train", "valid")
            for side, language in (("source", "de"), ("target", "en"))
        ),
        "data.test=null",
        "tokenizer.size=200",
    ]


def test_a_training_of_long_updates_saves_its_state_after_a_signal(tmp_path):
    words = [*corpus(tmp_path, 300), "threads=1", "epochs=100", "precision=float32"]
    words += ["accumulate=1000", "batches.budget=300", "validate_every=1000", "report_every=1"]
    process = start(tmp_path, "nmt.train", *words)
    file = tmp_path / "runs/default/metrics.jsonl"
    wait_until(process, lambda: file.exists() and file.stat().st_size)
    status, error = end(process, signal.SIGINT)
    assert status == 130, error
    assert "everything is saved, the same command resumes: python -m nmt.train data=files" in error
    (state,) = (tmp_path / "runs/default/training").glob("state*.pt")
    updates = torch.load(state, weights_only=True)["state"]["update"]
    assert updates == len(file.read_text().splitlines()) > 0


def test_a_preparation_that_is_stopped_leaves_no_incomplete_file(tmp_path):
    process = start(tmp_path, "nmt.prepare", *corpus(tmp_path, 2000))
    wait_for(process, "training the tokenizer")
    status, error = end(process, signal.SIGTERM)
    assert (status, error) == (143, "")
    assert [path for path in (tmp_path / "prepared").iterdir() if path.is_dir()] == []


def test_a_translation_that_is_stopped_leaves_no_incomplete_output(tmp_path):
    save(tmp_path / "run")
    process = start(tmp_path, "nmt.translate", "run=run", "output=out.en")
    process.stdin.write("\n".join(starter("valid.de")[:50]) + "\n")
    process.stdin.flush()
    wait_until(process, lambda: list(tmp_path.glob(".out.en.*")))
    status, error = end(process, signal.SIGTERM)
    assert (status, error) == (143, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


# ---- skipped updates


def test_weights_that_are_not_finite_are_detected_and_so_are_those_of_the_optimizer():
    run = updater()
    assert run.is_finite()
    run.update(list(Data().epoch(0, 0)), 1, 0.1, never_stop)
    assert run.is_finite()
    with torch.no_grad():
        run.network.norm.bias[2] = math.nan
    assert not run.is_finite()
    with torch.no_grad():
        run.network.norm.bias[2] = 0.0
    assert run.is_finite()
    run.optimizer.state[run.network.norm.weight]["exp_avg_sq"][1] = math.inf
    assert not run.is_finite()


def test_training_stops_at_once_when_its_weights_are_not_finite(tmp_path):
    class Breaking(CrossEntropy):
        def __call__(self, network, batch, update):
            if update == 6:
                with torch.no_grad():
                    network.norm.bias.fill_(math.inf)
            return super().__call__(network, batch, update)

    run = trainer(tmp_path)
    run.updater.objective = Breaking(0.1, 16)
    with pytest.raises(NmtError) as stopped:
        run.train()
    assert str(stopped.value) == (
        "update 6: weights or the optimizer's averages are not finite, so no later loss can "
        "be; the state saved before is good: resume from it with a smaller schedule.peak_rate, or "
        "begin another run with precision=float32 or another seed"
    )
    assert trainer(tmp_path, stopping=dataclasses.replace(EIGHTEEN, updates=4)).train().update == 4


def test_too_many_skips_report_the_last_reason_a_remedy_and_the_lines(tmp_path):
    run = trainer(tmp_path)
    run.updater.objective = Failing({6, 7, 8})
    with pytest.raises(NmtError) as stopped:
        run.train()
    assert str(stopped.value) == (
        "3 updates in a row are skipped, the last (8) because its loss or gradient is not finite; "
        "the state saved before is good: resume from it with a smaller schedule.peak_rate, or begin"
        f" another run with precision=float32; the lines are in {tmp_path}"
    )


def test_while_updates_are_skipped_the_state_before_them_is_kept(tmp_path):
    intervals = dataclasses.replace(INTERVALS, save_seconds=0.0, validate_every=100)
    run = trainer(tmp_path, intervals=intervals)
    run.updater.objective = Failing({7, 8, 9})
    with pytest.raises(NmtError, match=r"3 updates in a row are skipped"):
        run.train()
    again = trainer(
        tmp_path, intervals=intervals, stopping=dataclasses.replace(EIGHTEEN, updates=6)
    )
    assert again.train().update == 6
    assert again.state.skipped == 0


def test_the_batch_whose_loss_is_not_finite_is_reported_or_all_if_each_is_finite():
    class OneOf(CrossEntropy):
        def __call__(self, network, batch, update):
            loss = super().__call__(network, batch, update)
            bad = bool((batch.source == bad_piece).any())
            return dataclasses.replace(loss, sum=loss.sum * (math.nan if bad else 1.0))

    batches = [Batch(torch.full((1, 2), piece), torch.tensor([[2, 5, 3]])) for piece in (4, 5, 6)]
    bad_piece = 5
    result = updater(objective=OneOf(0.1, 16)).update(batches, 1, 0.1, never_stop)
    assert [one.source[0, 0].item() for one in result.offending_batches] == [5]
    run = updater()
    run.network.norm.bias.register_hook(lambda gradient: gradient * math.inf)
    result = run.update(batches, 1, 0.1, never_stop)
    assert math.isfinite(result.loss)
    assert [one.source[0, 0].item() for one in result.offending_batches] == [4, 5, 6]


def skip(*batches):
    reason = SkipReason("its loss or gradient is not finite", "")
    return UpdateResult(math.nan, 2.0, 4, 5, 1, math.inf, False, reason, batches)


@pytest.fixture
def skipped(tmp_path):
    return SkippedUpdates(tmp_path / "skipped", small_tokenizer(), small_tokenizer())


def test_the_lines_of_a_skipped_update_can_be_read(skipped, tmp_path):
    ids = small_tokenizer().encode("Der Hund schläft.")
    source = torch.tensor([[*ids, 3, 0], [*ids[:1], 3, *[0] * len(ids)]])
    target = torch.tensor([[2, ids[0], 3], [2, 3, 0]])
    path = skipped(12, 0.5, skip(Batch(source, target), Batch(source[:1], target[:1])))
    assert path == tmp_path / "skipped" / "update-00000012.json"
    text = path.read_text(encoding="utf-8")
    assert "Der Hund schläft." in text
    record = json.loads(text)
    lines = record.pop("lines")
    assert record == {
        "update": 12,
        "reason": "its loss or gradient is not finite",
        "learning_rate": 0.5,
        "loss": "nan",
        "gradient_norm": "inf",
    }
    assert [line["batch"] for line in lines] == [0, 0, 1]
    assert lines[0]["source"] == {
        "text": "Der Hund schläft.",
        "pieces": [*small_tokenizer().pieces(ids), "</s>"],
        "ids": [*ids, 3],
    }
    assert lines[1]["target"] == {"text": "", "pieces": ["<s>", "</s>"], "ids": [2, 3]}
    assert len(text.splitlines()) == 9 + 3


def test_the_same_update_writes_the_same_file_and_the_newest_twenty_are_kept(skipped):
    batch = Batch(torch.tensor([[5, 3]]), torch.tensor([[2, 5, 3]]))
    for update in range(1, 24):
        path = skipped(update, 0.5, skip(batch))
    before = path.read_bytes()
    assert skipped(23, 0.5, skip(batch)).read_bytes() == before
    (skipped.folder / ".update-00000024.json.part").write_text("{")
    names = sorted(one.name for one in skipped.folder.glob("update-*"))
    assert names == [f"update-{number:08}.json" for number in range(4, 24)]
    # After a kill, training from an older state skips other updates.
    skipped(6, 0.5, skip(batch))
    names = sorted(one.name for one in skipped.folder.iterdir())
    assert names == [f"update-{number:08}.json" for number in (4, 5, 6)]


def test_lines_that_cannot_be_written_are_an_error(skipped):
    skipped.folder.write_text("in the way")
    with pytest.raises(NmtError, match=r"skipped/update-00000001\.json cannot be written: "):
        skipped(1, 0.5, skip())


def test_a_warning_names_the_file(tmp_path, caplog, skipped):
    run = trainer(tmp_path / "run")
    callbacks = dataclasses.replace(run.callbacks, save_skipped=skipped)
    run.callbacks = callbacks
    run.updater.objective = Failing({2})
    with caplog.at_level(logging.WARNING):
        run.train()
    path = skipped.folder / "update-00000002.json"
    assert f"its lines are in {path}" in caplog.text
    assert len(json.loads(path.read_text())["lines"]) == 2 * ROWS


@pytest.mark.parametrize(
    ("name", "command"),
    [("train", train), ("train_language_model", train_language_model)],
)
def test_commands_write_the_lines_of_skipped_updates_into_the_run(call, tmp_path, name, command):
    own = "objective._target_=helpers.user_classes.NotFiniteInUpdate2"
    status, _, error = call(name, command, *TINY, own, "run=runs/a")
    assert status == 0, error
    assert "its lines are in runs/a/training/skipped/update-00000002.json" in error
    (path,) = (tmp_path / "runs/a/training/skipped").iterdir()
    lines = json.loads(path.read_text(encoding="utf-8"))["lines"]
    texts = {line["target"]["text"] for line in lines}
    assert texts <= set(starter("valid.en")[:150])
    if name == "train":
        assert {line["source"]["text"] for line in lines} <= set(starter("valid.de")[:150])
