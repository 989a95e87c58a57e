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
from benchmarks.speed.sizes import with_reference_sizes
from benchmarks.speed.translate import STARTER, ensure_trained

ALONE = ("threads=1", "workers=1")


@dataclass(frozen=True)
class Keys:
    """What is measured, and how.

    Attributes:
        cores: number to compare with one.
        training: ways to use them, separated by `;`: `threads` of one process, `workers` of one
            thread each, `torchrun`, which starts such processes too, or overrides of `nmt.train`,
            separated by blanks. Empty for none.
        translation: the same for `nmt.translate`, without torchrun.
        updates: of each training; the first tenth is the warm-up.
        run: folder of a trained model, as for `translate`.
        minutes: of its training, if it is missing.
        source: file to translate.
        rounds: number of turns of each measurement.
    """

    cores: int = 2
    training: str = "threads;workers"
    translation: str = "threads;workers"
    updates: int = 60
    run: str = "runs/speed"
    minutes: float = 2.0
    source: str = str(STARTER / "test.de")
    rounds: int = 3


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Measure whole commands; arguments that are no keys are overrides of the training."""
    keys, overrides = parse(Keys, arguments)
    measured: dict[str, Callable[[], turns.Figures]] = {}
    if keys.training:
        train = partial(_train, with_reference_sizes(overrides), keys.updates)
        measured["training, 1 core"] = _on_cores(1, partial(train, ALONE, 1))
        for way in keys.training.split(";"):
            work = partial(train, *_parse_way(way, keys.cores))
            measured[f"training, {way.strip()}"] = _on_cores(keys.cores, work)
    if keys.translation:
        run, source = ensure_trained(keys.run, keys.minutes), Path(keys.source)
        translate = partial(_translate, run, source)
        measured["translation, 1 core"] = _on_cores(1, partial(translate, ALONE))
        for way in keys.translation.split(";"):
            work = partial(translate, _parse_way(way, keys.cores)[0])
            measured[f"translation, {way.strip()}"] = _on_cores(keys.cores, work)
    results = turns.take(keys.rounds, measured)
    return {
        "threads": keys.cores,
        "overrides": overrides,
        "turns": results,
        "medians": {name: turns.medians(some) for name, some in results.items()},
        "ratios": {
            name: turns.ratio(some, results[f"{name.split(',')[0]}, 1 core"], "rate", "rate")
            for name, some in results.items()
            if not name.endswith(", 1 core")
        },
    }


def _on_cores(cores: int, work: Callable[[], turns.Figures]) -> Callable[[], turns.Figures]:
    """Confine a measurement to some cores, so that no process uses others."""

    def measure() -> turns.Figures:
        with turns.pinned(cores):
            return work()

    return measure


def _parse_way(way: str, cores: int) -> tuple[list[str], int]:
    """Return the overrides of a way to use the cores, and the number of torchrun's processes."""
    known = {
        "threads": ([f"threads={cores}", "workers=1"], 1),
        "workers": ([f"workers={cores}"], 1),
        "torchrun": (["threads=1"], cores),
    }
    return known.get(way.strip(), (way.split(), 1))


def _train(
    overrides: Sequence[str], updates: int, own: Sequence[str], processes: int
) -> turns.Figures:
    """Train a new run; return the target pieces per second of all processes together."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*overrides, *own, f"run={folder}/run", f"updates={updates}", "epochs=null"]
        arguments += ["report_every=1", f"validate_every={updates}", "samples=0"]
        command = turns.module("nmt.train", *arguments)
        if processes > 1:
            launch = ("--standalone", f"--nproc-per-node={processes}", "-m", "nmt.train")
            command = turns.module("torch.distributed.run", *launch, *arguments)
        seconds, _ = turns.run(command)
        lines = Path(folder, "run", "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    records = [one for one in map(json.loads, lines) if one["kind"] == "update"]
    if len(records) < 2:
        sys.exit(f"updates={updates} leaves nothing to measure after the warm-up")
    first, last = records[min(len(records) // 10, len(records) - 2)], records[-1]
    pieces = last["target_pieces"] - first["target_pieces"]
    return {"rate": pieces / (last["seconds"] - first["seconds"]), "command_seconds": seconds}


def _translate(run: Path, source: Path, own: Sequence[str]) -> turns.Figures:
    """Translate a file; return lines per second, without start-up."""
    with tempfile.TemporaryDirectory() as folder:
        empty, output = Path(folder, "empty"), Path(folder, "output")
        empty.touch()
        command = turns.module("nmt.translate", f"run={run}", *own, f"output={output}")
        start, whole = turns.start_and_total(command, empty, source)
        lines = output.read_bytes().count(b"\n")
    return {"rate": lines / (whole - start), "start_seconds": start, "command_seconds": whole}


def table(report: dict[str, Any]) -> list[str]:
    """Return the medians as lines."""
    lines = []
    for name, row in report["medians"].items():
        unit = "target pieces/s" if name.startswith("training") else "lines/s"
        line = f"{name}: {row['rate']:,.1f} {unit}"
        if name in report["ratios"]:
            line += f", {report['ratios'][name]:.2f} x one core (median of the rounds)"
        lines.append(line)
    return lines
