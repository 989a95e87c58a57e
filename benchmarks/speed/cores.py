"""`cores`: one core against two, by threads and by processes, in training and translation."""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.speed import turns
from benchmarks.speed.keys import parse
from benchmarks.speed.sizes import completed
from benchmarks.speed.translate import STARTER, trained

ALONE = ("threads=1", "workers=1")


@dataclass(frozen=True)
class Keys:
    """What is measured, and how.

    Attributes:
        cores: how many, against one.
        training: ways to use them: `threads` in one process, `workers` of one thread each,
            `torchrun`, which starts such processes too, or overrides of `nmt.train` parted by
            blanks; the ways are parted by `;`. Empty for none.
        translation: the same of `nmt.translate`, which knows no torchrun.
        updates: of each training; the first tenth is the warm-up.
        run: a trained model, as in `translate`.
        minutes: for which it is trained where it is missing.
        source: file that is translated.
        rounds: how often all take turns.
    """

    cores: int = 2
    training: str = "threads;workers"
    translation: str = "threads;workers"
    updates: int = 60
    run: str = "runs/speed"
    minutes: float = 2.0
    source: str = str(STARTER / "test.de")
    rounds: int = 3


def main(words: Sequence[str]) -> dict[str, Any]:
    """Measure whole commands; the words are overrides of the training."""
    keys, overrides = parse(Keys, words)
    measured: dict[str, Callable[[], turns.Figures]] = {}
    if keys.training:
        told = completed(overrides)
        train = partial(_train, told, keys.updates)
        measured["training, 1 core"] = _on(1, partial(train, ALONE, 1))
        for way in keys.training.split(";"):
            work = partial(train, *_way(way, keys.cores))
            measured[f"training, {way.strip()}"] = _on(keys.cores, work)
    if keys.translation:
        run, source = trained(keys.run, keys.minutes), Path(keys.source)
        translate = partial(_translate, run, source)
        measured["translation, 1 core"] = _on(1, partial(translate, ALONE))
        for way in keys.translation.split(";"):
            work = partial(translate, _way(way, keys.cores)[0])
            measured[f"translation, {way.strip()}"] = _on(keys.cores, work)
    found = turns.take(keys.rounds, measured)
    return {
        "threads": keys.cores,
        "overrides": overrides,
        "turns": found,
        "medians": {name: turns.medians(some) for name, some in found.items()},
        "ratios": {
            name: turns.ratio(some, found[f"{name.split(',')[0]}, 1 core"], "rate", "rate")
            for name, some in found.items()
            if not name.endswith(", 1 core")
        },
    }


def _on(cores: int, work: Callable[[], turns.Figures]) -> Callable[[], turns.Figures]:
    """Confine a measurement to so many cores, so that no process takes another by itself."""

    def measure() -> turns.Figures:
        with turns.pinned(cores):
            return work()

    return measure


def _way(way: str, cores: int) -> tuple[list[str], int]:
    """Give the overrides of a way to use the cores, and how many processes torchrun starts."""
    known = {
        "threads": ([f"threads={cores}", "workers=1"], 1),
        "workers": ([f"workers={cores}"], 1),
        "torchrun": (["threads=1"], cores),
    }
    return known.get(way.strip(), (way.split(), 1))


def _train(words: Sequence[str], updates: int, own: Sequence[str], processes: int) -> turns.Figures:
    """Train a run of its own; give target pieces a second, of all processes together."""
    with tempfile.TemporaryDirectory() as folder:
        told = [*words, *own, f"run={folder}/run", f"updates={updates}", "epochs=null"]
        told += ["report_every=1", f"validate_every={updates}", "samples=0"]
        command = turns.module("nmt.train", *told)
        if processes > 1:
            launch = ("--standalone", f"--nproc-per-node={processes}", "-m", "nmt.train")
            command = turns.module("torch.distributed.run", *launch, *told)
        seconds, _ = turns.run(command)
        lines = Path(folder, "run", "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    records = [one for one in map(json.loads, lines) if one["kind"] == "update"]
    if len(records) < 2:
        sys.exit(f"updates={updates} leaves nothing to measure after the warm-up")
    first, last = records[min(len(records) // 10, len(records) - 2)], records[-1]
    pieces = last["target_pieces"] - first["target_pieces"]
    return {"rate": pieces / (last["seconds"] - first["seconds"]), "command_seconds": seconds}


def _translate(run: Path, source: Path, own: Sequence[str]) -> turns.Figures:
    """Translate a file; give lines a second, without start-up."""
    with tempfile.TemporaryDirectory() as folder:
        empty, output = Path(folder, "empty"), Path(folder, "output")
        empty.touch()
        command = turns.module("nmt.translate", f"run={run}", *own, f"output={output}")
        start, whole = turns.beside_start(command, empty, source)
        lines = output.read_bytes().count(b"\n")
    return {"rate": lines / (whole - start), "start_seconds": start, "command_seconds": whole}


def table(report: dict[str, Any]) -> list[str]:
    """Say the medians in lines."""
    lines = []
    for name, row in report["medians"].items():
        unit = "target pieces/s" if name.startswith("training") else "lines/s"
        line = f"{name}: {row['rate']:,.1f} {unit}"
        if name in report["ratios"]:
            line += f", {report['ratios'][name]:.2f} x one core (median of the rounds)"
        lines.append(line)
    return lines
