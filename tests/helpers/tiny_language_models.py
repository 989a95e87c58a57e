"""Trainings of language models that take a second."""

import sys

import pytest

from helpers.small_run import starter
from nmt.config.command_line import run

SMALL = (
    "tokenizer.size=200",
    "tokenizer.threads=1",
    "precision=float32",
    "epochs=null",
    "updates=6",
    "report_every=1",
    "validate_every=3",
    "schedule.warmup=1",
)


TINY = ("model.hidden_size=8", "model.embedding_size=8")


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Write a corpus into an empty folder, and give a command with what it said."""
    monkeypatch.chdir(tmp_path)
    for split, first, last in (("train", 0, 150), ("valid", 150, 160)):
        for language in ("de", "en"):
            lines = starter(f"valid.{language}")[first:last]
            (tmp_path / f"{split}.{language}").write_text("\n".join(lines) + "\n")

    def run_it(name, command, *arguments):
        files = [
            f"data.{split}.{side}={split}.{language}"
            for split in ("train", "valid")
            for side, language in (("source", "de"), ("target", "en"))
        ]
        argv = [name, "data=files", "data.test=null", *SMALL, *files, *arguments]
        monkeypatch.setattr(sys, "argv", argv)
        status = run(name, command)
        return status, *capsys.readouterr()

    return run_it
