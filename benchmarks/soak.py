"""Trains and translates side by side for a while, and looks whether either grows; prints a table.

    python benchmarks/soak.py [minutes=30] [threads=1] [save_seconds=20] [folder=FOLDER]

A training on the starter corpus, which does not end by itself, saves its state every 20 s; a
`nmt.translate` is fed with an endless stream, with lines in it that no text should have, and its
output is held against it line by line. The time begins when there is a first model; SIGTERM ends
both. FOLDER (a new one among the temporary files) gets the run, the logs, and `soak.json` with
every sample. Exit status 1 if the resident memory of either is more in the last third of the time
than in the third before (medians, 1 % is allowed), if the run has more files, if translations are
missing or of another line, or if a process ends otherwise than it should. For Linux, for its /proc.
"""

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Thread
from typing import IO, Any

from nmt.data.text import streams
from nmt.data.text.invalid_text.replace import ReplaceInvalidText
from nmt.models.saved.translation_model import WEIGHTS
from nmt.runtime import provenance
from nmt.runtime.device import choose, set_threads

GROWTH = 1.01
"""What the median of the last third may be of that of the third before."""
PATIENCE = 60.0
"""Seconds that a process may take to end."""
NASTY = [
    b"",
    b" \t\x0b",
    b"\x00",
    b"\xff\xfe\xc3(",
    b"\xed\xa0\x80",
    b"\r",
    b"ein\rWagenr\xc3\xbccklauf\r",
    "Zeile\u2028Zeile\x85Zeile".encode(),
    "\ufeff\u200d\u202eabc\u0301\u0301".encode(),
    "👩‍👩‍👧‍👦🏳️‍🌈".encode(),
    "שלום עולם مرحبا 漢字 ☃".encode(),
    b"x" * 2000,
    b"Hund " * 400,
]


@dataclass(frozen=True)
class Sample:
    """What is seen at one moment; memory and sizes in bytes."""

    seconds: float
    training: int
    translation: int
    lines: int
    files: int
    bytes: int


@dataclass
class Tally:
    """Lines that were sent and wait for their translation, and how many came back."""

    waiting: deque[str | None] = field(default_factory=deque)
    lines: int = 0
    wrong: int = 0


def main(minutes: float, threads: int, save_seconds: float, folder: Path) -> int:
    """Run both, and give the exit status."""
    run, tally = folder / "run", Tally()
    training = start(folder, "train", *endless_training(folder, save_seconds, threads))
    running = [training]
    try:
        while not (run / WEIGHTS).exists():
            alive(running, folder)
            time.sleep(1.0)
        translation = start(
            folder, "translate", f"run={run}", "output_format=jsonl", f"threads={threads}"
        )
        running.append(translation)
        beside(feed, translation.stdin, tally)
        reader = beside(follow, translation.stdout, tally)
        samples = list(watch(running, tally, folder, minutes * 60))
    finally:
        statuses = [end(process) for process in running]
    reader.join(PATIENCE)
    found = {**summary(samples), "wrong_lines": tally.wrong, "statuses": statuses}
    wrong = complaints(found)
    set_threads(threads)
    about = {"machine": provenance.machine(choose("cpu")), "commit": provenance.commit()}
    about |= {"minutes": minutes, **found, "complaints": wrong}
    about["samples"] = [list(asdict(sample).values()) for sample in samples]
    (folder / "soak.json").write_text(json.dumps(about) + "\n")
    sys.stdout.write("\n".join([*table(found), *wrong, f"{folder / 'soak.json'}", ""]))
    return 1 if wrong else 0


def endless_training(folder: Path, save_seconds: float, threads: int) -> list[str]:
    """Give the words of a training that goes on until it is told to end."""
    bounds = ["epochs=null", "updates=1000000000", "patience=null", "validate_every=100"]
    places = [f"run={folder / 'run'}", f"prepared={folder / 'prepared'}", "data=starter"]
    return [*bounds, *places, f"save_seconds={save_seconds}", f"threads={threads}"]


def start(folder: Path, command: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a command of the toolkit; what it logs goes to a file in the folder."""
    with (folder / f"{command}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"nmt.{command}", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )


def alive(processes: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    """End the program if a process has ended by itself."""
    for process in processes:
        if process.poll() is not None:
            command = " ".join(process.args)
            sys.exit(f"{command} ended with status {process.returncode}; its log is in {folder}")


def end(process: subprocess.Popen[bytes]) -> int:
    """Send SIGTERM, wait, and give the exit status as a shell does."""
    process.terminate()
    try:
        status = process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    return status if status >= 0 else 128 - status


def beside(work: Callable[[IO[bytes], Tally], None], pipe: IO[bytes], tally: Tally) -> Thread:
    """Let a thread work on one end of a pipe; it does not keep the program alive."""
    thread = Thread(target=work, args=(pipe, tally), daemon=True)
    thread.start()
    return thread


def endless(seed: int) -> Iterator[tuple[bytes, str | None]]:
    """Give lines, each as bytes and as what is read of it; None: only that it must come."""
    lines, draw = (
        list(streams.read("starter:train", ".de", ReplaceInvalidText())),
        random.Random(seed),
    )
    while True:
        kind = draw.random()
        if kind < 0.05:
            yield draw.choice(NASTY), None
        else:
            line = " ".join(draw.choices(lines, k=1 if kind < 0.9 else draw.randint(2, 5)))
            yield line.encode(), line


def feed(pipe: IO[bytes], tally: Tally) -> None:
    """Write lines until nobody reads them."""
    try:
        for line, read in endless(1):
            tally.waiting.append(read)
            pipe.write(line + b"\n")
    except BrokenPipeError:
        return


def follow(pipe: IO[bytes], tally: Tally) -> None:
    """Hold each line against the one that was sent; a last one without an end was cut off."""
    for line in pipe:
        if not line.endswith(b"\n"):
            return
        sent = tally.waiting.popleft() if tally.waiting else ""
        tally.wrong += sent is not None and json.loads(line)["source"] != sent
        tally.lines += 1


def watch(
    processes: Sequence[subprocess.Popen[bytes]], tally: Tally, folder: Path, seconds: float
) -> Iterator[Sample]:
    """Look once a second."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        alive(processes, folder)
        memory = (resident(process.pid) for process in processes)
        yield Sample(passed, *memory, tally.lines, *content(folder / "run"))
        time.sleep(1.0)


def resident(number: int) -> int:
    """Give the bytes that a process holds in memory."""
    pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def content(folder: Path) -> tuple[int, int]:
    """Count the files under a folder, and their bytes; files may come and go meanwhile."""
    sizes = []
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                sizes.append((Path(root) / name).lstat().st_size)
            except FileNotFoundError:
                continue
    return len(sizes), sum(sizes)


def summary(samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Compare the last third of the samples with the third before it.

    Of files the fewest of each third count, since some are only there while others are written.
    """
    third = len(samples) // 3
    parts = {"before": samples[-2 * third : -third], "last": samples[-third:]}
    found: dict[str, dict[str, float]] = {}
    for name in ("training", "translation"):
        row = {key: statistics.median(getattr(one, name) for one in parts[key]) for key in parts}
        found[name] = {**row, "ratio": row["last"] / row["before"]}
    found["files"] = {key: min(one.files for one in parts[key]) for key in parts}
    found["files"]["most"] = max(one.files for one in samples)
    found["lines"] = {key: parts[key][-1].lines - parts[key][0].lines for key in parts}
    return found


def complaints(found: dict[str, Any]) -> list[str]:
    """Say what is not as it must be."""
    files, lines, expected = found["files"], found["lines"], 128 + signal.SIGTERM
    wrong = [
        f"the memory of the {name} grew by {found[name]['ratio'] - 1:.1%}"
        for name in ("training", "translation")
        if found[name]["ratio"] > GROWTH
    ]
    if files["last"] > files["before"]:
        wrong.append(f"the run has {files['last']} files, before it had {files['before']}")
    if lines["last"] == 0:
        wrong.append("nothing was translated in the last third")
    if found["wrong_lines"]:
        wrong.append(f"{found['wrong_lines']} translations are of another line")
    if any(status != expected for status in found["statuses"]):
        wrong.append(f"the exit statuses are {found['statuses']} and not {expected}")
    return wrong


def table(found: dict[str, Any]) -> Iterator[str]:
    """Give the table's lines."""
    yield "| | third before | last third | ratio |"
    yield "| --- | --: | --: | --: |"
    for name in ("training", "translation"):
        before, last, ratio = found[name].values()
        yield f"| {name}, MiB | {before / 2**20:.1f} | {last / 2**20:.1f} | {ratio:.4f} |"
    files, lines = found["files"], found["lines"]
    yield f"| files (at most {files['most']}) | {files['before']} | {files['last']} | |"
    yield f"| lines translated | {lines['before']} | {lines['last']} | |"


def settings(words: Sequence[str]) -> dict[str, Any]:
    """Read the command line; what is not one ends the program with the text at the top."""
    values: dict[str, Any] = {"minutes": 30.0, "threads": 1, "save_seconds": 20.0, "folder": ""}
    try:
        given = dict(word.split("=", 1) for word in words)
        values |= {key: type(values[key])(value) for key, value in given.items()}
    except (KeyError, ValueError):
        sys.exit(__doc__)
    folder = Path(values["folder"] or tempfile.mkdtemp(prefix="soak-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return {**values, "folder": folder}


if __name__ == "__main__":
    sys.exit(main(**settings(sys.argv[1:])))
