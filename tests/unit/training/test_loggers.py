import io
import json
import logging
import math
import os
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.full_disks import longest_file

from nmt.runtime.errors import MissingExtraError, NmtError
from nmt.training.loggers.console import (
    ConsoleLogger,
    format_duration,
    format_update,
    format_validation,
)
from nmt.training.loggers.jsonl import JSONLLogger
from nmt.training.loggers.logger import SampleTranslation, UpdateRecord, ValidationRecord
from nmt.training.loggers.several import MultiLogger
from nmt.training.loggers.tensorboard import TensorBoardLogger


def update(number, loss=2.5):
    return UpdateRecord(
        update=number,
        epoch=1,
        progress=0.25,
        loss=loss,
        perplexity=math.exp(loss),
        gradient_norm=0.5,
        clipped=0.1,
        skipped=0,
        learning_rate=0.001,
        source_pieces=1000,
        target_pieces=900,
        source_pieces_per_second=500.4,
        target_pieces_per_second=450.0,
        seconds=2.0,
        seconds_left=61.0,
    )


def validation(number, kind="validation"):
    return ValidationRecord(
        kind=kind,
        update=number,
        epoch=1,
        values={"loss": 2.0, "perplexity": 7.39, "bleu": 31.25},
        score=31.25,
        best=True,
        seconds=3.0,
        validation_seconds=1.0,
        samples=(SampleTranslation("Ein Hund.", "A dog.", "The dog."),),
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_metrics_has_a_line_for_each_record_with_full_names(tmp_path):
    metrics = JSONLLogger(str(tmp_path / "runs" / "metrics.jsonl"))
    metrics.resume(0, 0)
    metrics.log_update(update(10))
    metrics.log_validation(validation(10))
    first, second = lines(metrics.path)
    assert (first["kind"], first["update"], first["learning_rate"]) == ("update", 10, 0.001)
    assert (second["kind"], second["bleu"], second["best"]) == ("validation", 31.25, True)
    assert "samples" not in second


def test_numbers_that_are_not_finite_are_null(tmp_path):
    metrics = JSONLLogger(str(tmp_path / "metrics.jsonl"))
    metrics.resume(0, 0)
    metrics.log_update(update(10, math.nan))
    assert lines(metrics.path)[0]["loss"] is None


def test_resuming_cuts_later_lines_averages_and_a_torn_end(tmp_path):
    metrics = JSONLLogger(str(tmp_path / "metrics.jsonl"))
    metrics.resume(0, 0)
    for number in (10, 20, 30):
        metrics.log_update(update(number))
    metrics.log_validation(validation(20, "average"))
    with metrics.path.open("a") as file:
        file.write('{"kind": "update", "upd')
    metrics.resume(20, 20)
    metrics.log_update(update(30))
    assert [line["update"] for line in lines(metrics.path)] == [10, 20, 30]
    metrics.resume(0, 0)
    assert metrics.path.read_text() == ""


def test_a_complete_last_line_without_a_newline_is_kept(tmp_path):
    metrics = JSONLLogger(str(tmp_path / "metrics.jsonl"))
    metrics.resume(0, 0)
    metrics.log_update(update(10))
    metrics.path.write_bytes(metrics.path.read_bytes().removesuffix(b"\n"))
    metrics.resume(10, 10)
    metrics.log_update(update(20))
    assert [line["update"] for line in lines(metrics.path)] == [10, 20]


def test_a_line_for_which_there_is_no_space_is_not_written_in_part(tmp_path):
    metrics = JSONLLogger(str(tmp_path / "metrics.jsonl"))
    metrics.resume(0, 0)
    metrics.log_update(update(10))
    before = metrics.path.read_bytes()
    with longest_file(len(before) + 20), pytest.raises(NmtError) as caught:
        metrics.log_update(update(20))
    assert str(caught.value) == (
        f"{metrics.path} cannot be written: No space left on device; it lacks the line of update "
        "20; free some space, then run the same command again"
    )
    assert metrics.path.read_bytes() == before
    metrics.log_update(update(20))
    assert [line["update"] for line in lines(metrics.path)] == [10, 20]


def test_metrics_that_cannot_be_written_are_reported(tmp_path):
    (tmp_path / "metrics.jsonl").symlink_to("elsewhere")
    metrics = JSONLLogger(str(tmp_path / "metrics.jsonl"))
    with pytest.raises(NmtError, match=r"metrics\.jsonl cannot be written: Too many levels of sym"):
        metrics.log_update(update(10))
    assert not (tmp_path / "elsewhere").exists()
    (tmp_path / "folder").mkdir()
    with pytest.raises(NmtError, match="folder cannot be read: Is a directory"):
        JSONLLogger(str(tmp_path / "folder")).resume(0, 0)
    with pytest.raises(NmtError, match="cannot be written: "):
        JSONLLogger(str(tmp_path / "folder")).log_update(update(10))


def test_a_full_disk_under_stderr_does_not_end_a_training(monkeypatch):
    full = Path("/dev/full").open("w")  # noqa: SIM115
    monkeypatch.setattr(sys, "stderr", full)
    console = ConsoleLogger(0.0)
    console.resume(0, 0)
    console.log_update(update(10))
    console.log_validation(validation(10))
    console.close()
    os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # so that closing does not fail
    full.close()


def test_a_terminal_shows_one_live_line_that_messages_and_validations_clear(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    console = ConsoleLogger(10.0)
    console.resume(0, 0)
    console.log_update(update(10))
    console.log_update(update(20))
    assert "\n" not in terminal.getvalue()
    assert all(len(part) <= 59 for part in terminal.getvalue().split("\r\x1b[K"))
    logging.getLogger("nmt.training.trainer").warning("a message")
    assert terminal.getvalue().endswith("\r\x1b[K")
    console.log_update(update(30))
    console.log_validation(validation(30))
    console.close()
    assert terminal.getvalue().split("\r\x1b[K")[-1].startswith("validation after update 30")


def test_a_file_receives_plain_lines_at_intervals(monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    console = ConsoleLogger(1000.0)
    console.resume(0, 0)
    console.log_update(update(10))
    console.log_update(update(20))
    console.close()
    assert file.getvalue() == format_update(update(10)) + "\n"


def test_a_line_has_progress_losses_and_speed():
    line = format_update(update(10))
    for part in ("25%", "1:01 left", "epoch 1", "loss 2.500", "perplexity 12.18", "500 source"):
        assert part in line
    for part in ("450 target", "norm 0.50", "rate 1.00e-03"):
        assert part in line


def test_a_line_of_a_language_model_has_no_source():
    line = format_update(replace(update(10), source_pieces=0, source_pieces_per_second=0.0))
    assert "  pieces/s 450  norm" in line


def test_a_validation_shows_values_and_samples():
    text = format_validation(validation(10))
    assert "bleu 31.25" in text
    assert "best so far" in text
    assert [line.split("  ")[-1] for line in text.splitlines()[1:]] == [
        "Ein Hund.",
        "A dog.",
        "The dog.",
    ]


def test_durations_are_written_as_clock_times():
    assert [format_duration(one) for one in (5.0, 65.0, 3661.0, math.inf, math.nan, -1.0)] == [
        "0:05",
        "1:05",
        "1:01:01",
        "-",
        "-",
        "-",
    ]


def test_tensorboard_writes_an_event_file(tmp_path):
    pytest.importorskip("tensorboard")
    logger = MultiLogger([TensorBoardLogger(str(tmp_path))])
    logger.resume(0, 0)
    logger.log_update(update(10))
    logger.log_validation(validation(10))
    logger.close()
    (file,) = tmp_path.iterdir()
    written = file.read_bytes()
    for name in (b"train/loss", b"valid/bleu", b"sample/1"):
        assert name in written


def test_curves_for_which_there_is_no_space_are_reported_once(tmp_path, capfd, monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    logger = TensorBoardLogger(str(tmp_path))
    with longest_file(500), pytest.raises(NmtError) as caught:
        logger.resume(0, 0)
        for number in range(10, 1000, 10):
            logger.log_update(update(number))
    with suppress(NmtError):
        logger.close()
    assert str(caught.value) == (
        f"the curves in {tmp_path} cannot be written: File too large; "
        "free some space, then run the same command again"
    )
    assert capfd.readouterr().err == ""
    assert threading.excepthook is threading.__excepthook__


def test_without_tensorboard_the_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    monkeypatch.delattr("torch.utils.tensorboard", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'recurrent-nmt\[tensorboard\]'"):
        TensorBoardLogger(str(tmp_path))
