"""The same command gives the same model, and a line the same translation in any batch."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers import small_run
from helpers.small_run import starter
from helpers.small_trainings import SMALL

from nmt.data.windows import LineWindows
from nmt.inference.translator import Translator
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.length_penalties.gnmt import GNMT

ROOT = Path(__file__).parents[2]
LINES = starter("test.de")[:40]
WHOLE = LineWindows(1024, 10**6, 64, 4096)


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """Return a function from lines to the pieces of their best translations in float32."""
    run = small_run.save(tmp_path_factory.mktemp("runs") / "a")
    translator = Translator.load(run, device="cpu")
    assert next(translator.scorer.model.parameters()).dtype == torch.float32
    with torch.no_grad():
        for weight in translator.scorer.model.parameters():
            weight.mul_(3)

    def translate(search, windows, lines):
        configured = replace(translator, search=search, windows=windows)
        return [one.candidates[0].pieces for one in configured.stream(lines)]

    return translate


@pytest.mark.parametrize("search", [Greedy(0.2, 3), Beam(3, 1, GNMT(0.6), 0.2, 3)])
def test_batches_windows_order_and_threads_change_no_piece_in_float32(pieces, search):
    expected = pieces(search, WHOLE, LINES)
    assert len(set(expected)) > len(LINES) / 2
    for windows in (
        LineWindows(1, 10**6, 1, 1),
        LineWindows(30, 10**6, 7, 4096),
        LineWindows(99, 400, 64, 99),
    ):
        assert pieces(search, windows, LINES) == expected
    order = random.Random(1).sample(range(len(LINES)), len(LINES))
    shuffled = pieces(search, WHOLE, [LINES[row] for row in order])
    assert shuffled == [expected[row] for row in order]
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1 if threads > 1 else 2)
        assert pieces(search, WHOLE, LINES) == expected
    finally:
        torch.set_num_threads(threads)


def test_the_same_command_gives_the_same_weights_in_another_process(tmp_path):
    files = []
    for split, first, last in (("train", 0, 150), ("valid", 150, 160)):
        for side, language in (("source", "de"), ("target", "en")):
            path = tmp_path / f"{split}.{language}"
            path.write_text("\n".join(starter(f"valid.{language}")[first:last]) + "\n")
            files.append(f"data.{split}.{side}={path}")
    more = ["data.test=null", "segmentation=sampled", "seed=7"]
    results = []
    for hashing in ("1", "2"):
        folder = tmp_path / hashing
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-m", "nmt.train", *SMALL, *files, *more, f"run={folder / 'run'}"],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONHASHSEED": hashing,
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": str(ROOT),
            },
            capture_output=True,
            check=True,
        )
        names = ("model.safetensors", "sentencepiece.model")
        results.append([(folder / "run" / name).read_bytes() for name in names])
    assert results[0] == results[1]
