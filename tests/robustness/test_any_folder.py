"""Folders of runs, prepared corpora and exported models with any damage on disk: one line, or none.

NMT_FOLDERS=20000 pytest tests/robustness/test_any_folder.py tries so many cases; each may take
20 s and 2 GB. A case is repeated by its number.
"""

import os
import random
import resource
import shutil
import signal
import traceback
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import small_run
from helpers.folders import seal
from helpers.preparations import preparation

from nmt.analysis.plots import curves, gradient_norms
from nmt.config.command_line import configuration
from nmt.data.preparation.preparation import PreparedCorpus
from nmt.inference.translator import Translator
from nmt.inspection import exported_folder
from nmt.runtime.errors import NmtError
from nmt.train import train
from nmt.training.loggers.jsonl import JSONLLogger
from nmt.training.run import RunFolder

CASES = int(os.environ.get("NMT_FOLDERS", "150"))
SECONDS = 20
BYTES = 2 << 30
KINDS = ("run", "prepared", "exported")
DAMAGES = (
    "cut", "flip", "flip", "flip", "lost", "twice", "empty", "huge", "removed", "unreadable",
    "pipe", "folder", "dangling", "elsewhere", "loop", "planted",
)  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory, exported_model):
    """Return a folder of each kind; the run has states and records."""
    root = tmp_path_factory.mktemp("folders")
    for split, first in (("train", 0), ("valid", 60)):
        for language in ("de", "en"):
            lines = small_run.starter(f"valid.{language}")[first : first + 60]
            (root / f"{split}.{language}").write_text("\n".join(lines) + "\n")
    files = [
        f"data.{split}.{side}={root}/{split}.{language}"
        for split in ("train", "valid")
        for side, language in (("source", "de"), ("target", "en"))
    ]
    sizes = ["model.hidden_size=8", "model.embedding_size=8", "tokenizer.size=120"]
    times = ["epochs=null", "updates=4", "report_every=1", "validate_every=2", "save_seconds=0"]
    names = [f"run={root}/run", f"prepared={root}/corpora", "data=files", "data.test=null"]
    train(configuration("train", [*names, *files, *sizes, *times, "threads=1"], ()))
    prepared = preparation(root)(root / "prepared").folder
    return {"run": root / "run", "prepared": prepared, "exported": exported_model}


def damage(path, how, chance):
    """Damage a file, or replace it."""
    data = path.read_bytes()
    at = chance.randrange(len(data) + 1)
    if how in ("cut", "flip", "lost", "twice"):
        flipped = bytes([data[at] ^ 1 << chance.randrange(8)]) if at < len(data) else b""
        changed = {
            "cut": data[:at],
            "flip": data[:at] + flipped + data[at + 1 :],
            "lost": data[:at] + data[at + chance.randrange(1, 9) :],
            "twice": data[: at + chance.randrange(1, 99)] + data[at:],
        }
        path.write_bytes(changed[how])
    elif how == "unreadable":
        path.chmod(0)
    elif how == "huge":
        # Without bytes on the disk. What may be large is read to its end, for its checksum.
        may_be_large = path.suffix in (".arrow", ".pt") or path.name == "model.safetensors"
        os.truncate(path, 1 << 28 if may_be_large else 5 << 30)
    else:
        path.unlink()
        replace(path, how, data)


def replace(path, how, data):
    """Put something else in the place of a file that had some data."""
    if how == "empty":
        path.touch()
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    elif how == "dangling":
        path.symlink_to("nowhere")
    elif how == "loop":
        path.symlink_to(path.name)
    elif how == "elsewhere":
        path.with_name("elsewhere").write_bytes(data)
        path.symlink_to("elsewhere")
    elif how == "planted":
        pipe = path.with_name(f".{path.name}.planted")
        os.mkfifo(pipe)
        path.symlink_to(pipe.name)


def use(kind, folder):
    """Do with a folder what commands do; each part for itself, as each command would."""
    parts = {"run": (translated, resumed, drawn), "prepared": (read,), "exported": (computed,)}
    for part in parts[kind]:
        try:
            part(folder)
        except NmtError as error:
            assert "\n" not in str(error)
            assert len(str(error)) < 2000


def translated(folder):
    Translator.load(folder, device="cpu").translate(["Ein Hund."])


def resumed(folder):
    with RunFolder.open(str(folder), 2) as run:
        state = run.checkpoints.newest()
        run.model_is_intact()
        assert run.processes in (None, 1)
        assert state is None or state["state"]["update"] <= 4
        JSONLLogger(str(folder / "metrics.jsonl")).resume(2, 2)


def drawn(folder):
    curves.read(folder)
    gradient_norms.read(folder)


def read(folder):
    corpus = PreparedCorpus.load(folder)
    corpus.lexicon()
    for shards in (corpus.train, corpus.valid):
        rows = np.arange(len(shards))
        shards.sources(rows), shards.targets(rows)
        shards.source_texts(rows), shards.target_texts(rows)


def computed(folder):
    from nmt.inference.engines.onnx_runtime import ExportedModel

    graphs = exported_folder.inspect(folder)
    model = ExportedModel.load(graphs, 200, 1, None)
    model.step(np.array([1]), model.start(np.array([[5, 3]])), 2)


def case(number, folders, work):
    """Copy a folder, damage it by the case's number, and use it."""
    chance = random.Random(number)
    kind = chance.choice(KINDS)
    folder = Path(shutil.copytree(folders[kind], work / kind))
    for _ in range(chance.choice((1, 1, 2))):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        files = [path for path in files if not path.is_symlink() and path.name != ".lock"]
        files = [path for path in files if path.stat().st_size < 1 << 27]
        if files:
            damage(chance.choice(files), chance.choice(DAMAGES), chance)
    if chance.random() < 0.6:
        sealed(folder)
    use(kind, folder)


def sealed(folder):
    """Write checksums that fit, as far as the files can be read."""
    large = any(path.lstat().st_size > 1 << 27 for path in folder.iterdir())
    odd = any(path.is_symlink() and not path.is_file() for path in folder.iterdir())
    if not (large or odd or (folder / "SHA256SUMS").is_dir()):
        (folder / "SHA256SUMS").unlink(missing_ok=True)
        seal(folder)


def limited(number, folders, work):
    """Run a case in a process of its own, and return what it says of a failure."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        status = 1
        try:
            case(number, folders, work)
            status = 0
        except BaseException:
            os.write(writing, traceback.format_exc()[-4000:].encode())
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        report = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return None if status == 0 else f"case {number} ended with {status}\n{report}"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and limits of memory")
def test_any_folder_is_used_or_refused_in_one_line(folders, tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    torch.set_num_threads(1)
    first = int(os.environ.get("NMT_FIRST_FOLDER", "0"))
    failures = []
    for number in range(first, first + CASES):
        work = tmp_path / "work"
        work.mkdir()
        failures.append(limited(number, folders, work))
        shutil.rmtree(work)
    failures = [failure for failure in failures if failure]
    assert not failures, f"{len(failures)} of {CASES}: " + "\n".join(failures[:5])
