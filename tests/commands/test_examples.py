"""The examples do what they say; examples/translate_onnx.py is tested with the export."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

LOOP = Path(__file__).parents[2] / "examples" / "train_loop.py"


@pytest.mark.slow
def test_the_training_loop_in_one_file_learns(tmp_path):
    arguments = ["--epochs", "3", "--pairs", "300", "--size", "32", "--pieces", "300"]
    done = subprocess.run(
        [sys.executable, str(LOOP), *arguments], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    losses = [float(nats) for nats in re.findall(r"^epoch \d  (\S+) nats", done.stdout, re.M)]
    assert len(losses) == 3
    assert losses[2] < losses[1] < losses[0]
    assert done.stdout.count("\n  ") == 3
    assert not list(tmp_path.iterdir())


def test_the_training_loop_is_read_in_one_sitting():
    assert len(LOOP.read_text().splitlines()) <= 120
