"""The training loop in one file; examples/translate_onnx.py is tested with the export."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

LOOP = Path(__file__).parents[2] / "examples" / "train_loop.py"


@pytest.mark.slow
def test_the_short_training_of_the_docstring_runs_and_learns_in_more_epochs(tmp_path):
    (example,) = re.findall(r"train_loop\.py (--.*?)  # seconds", LOOP.read_text())
    arguments = [*example.split(), "--epochs", "3"]
    done = subprocess.run(
        [sys.executable, str(LOOP), *arguments], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    losses = [float(nats) for nats in re.findall(r"^epoch \d  (\S+) nats", done.stdout, re.M)]
    assert len(losses) == 3
    assert losses[2] < losses[1] < losses[0]
    assert done.stdout.count("\n  ") == 3
    assert not list(tmp_path.iterdir())


def test_the_training_loop_has_at_most_120_lines():
    assert len(LOOP.read_text().splitlines()) <= 120
