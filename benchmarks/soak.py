"""Train and translate side by side for a long time, and check that neither grows.

    python benchmarks/soak.py [minutes=30] [threads=1] [save_seconds=20] [folder=FOLDER]

An endless training on the starter corpus saves its state every 20 s; `nmt.translate` receives an
endless stream, which includes malformed lines, and its output is compared with it line by line. The
time starts with the first model; SIGTERM ends both. FOLDER (by default a new temporary one) holds
the run, the logs, and `soak.json` with all samples. The exit status is 1 if the resident memory of
either is greater in the last third of the time than in the third before (medians, with a tolerance
of 1 %), if the run has more files, if translations are missing or out of order, or if a process
ends unexpectedly. It needs Linux, for /proc.
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
"""Tolerated ratio of the median memory in the last third to that in the third before."""
PATIENCE = 60.0
"""Seconds within which a process must end."""
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
    """A measurement; memory and sizes in bytes."""

    seconds: float
    training: int
    translation: int
    lines: int
    files: int
    bytes: int


@dataclass
class Progress:
    """Lines that wait for their translation, and the number of translations."""

    waiting: deque[str | None] = field(default_factory=deque)
    lines: int = 0
    wrong: int = 0


def main(minutes: float, threads: int, save_seconds: float, folder: Path) -> int:
    """Run both and return the exit status."""
    run, progress = folder / "run", Progress()
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
        assert translation.stdin is not None and translation.stdout is not None
        beside(feed, translation.stdin, progress)
        reader = beside(follow, translation.stdout, progress)
        samples = list(watch(running, progress, folder, minutes * 60))
    finally:
        statuses = [end(process) for process in running]
    reader.join(PATIENCE)
    result = {**summary(samples), "wrong_lines": progress.wrong, "statuses": statuses}
    wrong = problems(result)
    set_threads(threads)
    about: dict[str, Any] = {
        "machine": provenance.machine(choose("cpu")),
        "commit": provenance.commit(),
    }
    about |= {"minutes": minutes, **result, "problems": wrong}
    about["samples"] = [list(asdict(sample).values()) for sample in samples]
    (folder / "soak.json").write_text(json.dumps(about) + "\n")
    sys.stdout.write("\n".join([*table(result), *wrong, f"{folder / 'soak.json'}", ""]))
    return 1 if wrong else 0


def endless_training(folder: Path, save_seconds: float, threads: int) -> list[str]:
    """Return the arguments of a training that never ends by itself."""
    limits = ["epochs=null", "updates=1000000000", "patience=null", "validate_every=100"]
    folders = [f"run={folder / 'run'}", f"prepared={folder / 'prepared'}", "data=starter"]
    return [*limits, *folders, f"save_seconds={save_seconds}", f"threads={threads}"]


def start(folder: Path, command: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a command of the toolkit, which logs to a file in the folder."""
    with (folder / f"{command}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"nmt.{command}", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )


def alive(processes: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    """Exit if a process has ended by itself."""
    for process in processes:
        if process.poll() is not None:
            command = " ".join(map(str, process.args))  # type: ignore[arg-type]
            sys.exit(f"{command} ended with status {process.returncode}; its log is in {folder}")


def end(process: subprocess.Popen[bytes]) -> int:
    """Send SIGTERM, wait, and return the exit status as a shell does."""
    process.terminate()
    try:
        status = process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    return status if status >= 0 else 128 - status


def beside(
    work: Callable[[IO[bytes], Progress], None], pipe: IO[bytes], progress: Progress
) -> Thread:
    """Start a daemon thread that works on one end of a pipe."""
    thread = Thread(target=work, args=(pipe, progress), daemon=True)
    thread.start()
    return thread


def endless(seed: int) -> Iterator[tuple[bytes, str | None]]:
    """Yield lines, as bytes and as text; the text is None if the line is malformed."""
    lines = list(streams.read("starter:train", ".de", ReplaceInvalidText()))
    choice = random.Random(seed)
    while True:
        kind = choice.random()
        if kind < 0.05:
            yield choice.choice(NASTY), None
        else:
            line = " ".join(choice.choices(lines, k=1 if kind < 0.9 else choice.randint(2, 5)))
            yield line.encode(), line


def feed(pipe: IO[bytes], progress: Progress) -> None:
    """Write lines until the pipe is closed."""
    try:
        for line, read in endless(1):
            progress.waiting.append(read)
            pipe.write(line + b"\n")
    except BrokenPipeError:
        return


def follow(pipe: IO[bytes], progress: Progress) -> None:
    """Compare each line with the one that was sent; an incomplete last line does not count."""
    for line in pipe:
        if not line.endswith(b"\n"):
            return
        sent = progress.waiting.popleft() if progress.waiting else ""
        progress.wrong += sent is not None and json.loads(line)["source"] != sent
        progress.lines += 1


def watch(
    processes: Sequence[subprocess.Popen[bytes]], progress: Progress, folder: Path, seconds: float
) -> Iterator[Sample]:
    """Yield a sample every second."""
    started = time.monotonic()
    while (passed := time.monotonic() - started) < seconds:
        alive(processes, folder)
        training, translation = (resident(process.pid) for process in processes)
        yield Sample(passed, training, translation, progress.lines, *content(folder / "run"))
        time.sleep(1.0)


def resident(number: int) -> int:
    """Return the resident memory of a process, in bytes."""
    pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def content(folder: Path) -> tuple[int, int]:
    """Return the number of files in a folder and their bytes; files may come and go meanwhile."""
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

    Of files the minimum of each third counts, since some exist only while others are written.
    """
    third = len(samples) // 3
    parts = {"before": samples[-2 * third : -third], "last": samples[-third:]}
    result: dict[str, dict[str, float]] = {}
    for name in ("training", "translation"):
        row = {key: statistics.median(getattr(one, name) for one in parts[key]) for key in parts}
        result[name] = {**row, "ratio": row["last"] / row["before"]}
    result["files"] = {key: min(one.files for one in parts[key]) for key in parts}
    result["files"]["most"] = max(one.files for one in samples)
    result["lines"] = {key: parts[key][-1].lines - parts[key][0].lines for key in parts}
    return result


def problems(result: dict[str, Any]) -> list[str]:
    """Return all that is wrong."""
    files, lines, expected = result["files"], result["lines"], 128 + signal.SIGTERM
    wrong = [
        f"the memory of the {name} grew by {result[name]['ratio'] - 1:.1%}"
        for name in ("training", "translation")
        if result[name]["ratio"] > GROWTH
    ]
    if files["last"] > files["before"]:
        wrong.append(f"the run has {files['last']} files, before it had {files['before']}")
    if lines["last"] == 0:
        wrong.append("nothing was translated in the last third")
    if result["wrong_lines"]:
        wrong.append(f"{result['wrong_lines']} translations are of another line")
    if any(status != expected for status in result["statuses"]):
        wrong.append(f"the exit statuses are {result['statuses']} and not {expected}")
    return wrong


def table(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield "| | third before | last third | ratio |"
    yield "| --- | --: | --: | --: |"
    for name in ("training", "translation"):
        before, last, ratio = result[name].values()
        yield f"| {name}, MiB | {before / 2**20:.1f} | {last / 2**20:.1f} | {ratio:.4f} |"
    files, lines = result["files"], result["lines"]
    yield f"| files (at most {files['most']}) | {files['before']} | {files['last']} | |"
    yield f"| lines translated | {lines['before']} | {lines['last']} | |"


def settings(words: Sequence[str]) -> dict[str, Any]:
    """Parse the command line; exit with the usage if it is wrong."""
    values: dict[str, Any] = {"minutes": 30.0, "threads": 1, "save_seconds": 20.0, "folder": ""}
    try:
        arguments = dict(word.split("=", 1) for word in words)
        values |= {key: type(values[key])(value) for key, value in arguments.items()}
    except (KeyError, ValueError):
        sys.exit(__doc__)
    folder = Path(values["folder"] or tempfile.mkdtemp(prefix="soak-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return {**values, "folder": folder}


if __name__ == "__main__":
    sys.exit(main(**settings(sys.argv[1:])))
