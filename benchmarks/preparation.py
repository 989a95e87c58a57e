"""The speed of preparing large corpora, and of starting a training on them.

    python benchmarks/preparation.py [pairs=200000,1000000,5000000] [folder=FOLDER] [processes=2]

The starter grammar writes the pairs once to FOLDER (by default a new temporary one), and each size
uses the first of them. For each size `nmt.prepare` is compared with SentencePiece alone, which
encodes the first 200,000 pairs in lists of 10,000 lines, by `processes` threads of one process and
by as many processes, before and after; the best of these rates counts. Then `nmt.train` is run
three times until its first batch. FOLDER receives `preparation.json` with all numbers. It needs
Linux, for /proc.

Seconds depend on other load on the machine; the processor seconds beside them less so.
"""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import Any

import sentencepiece

from nmt.data.batch import Batch
from nmt.data.batching import BucketedBatches
from nmt.runtime import provenance
from nmt.runtime.device import choose

SIDES = ("de", "en")
ALONE = 200_000
"""Pairs that SentencePiece alone encodes."""
TOGETHER = 10_000
"""Lines in each of its lists."""
STARTS = 3
SECONDS = 0.25
"""Between two samples of memory."""
FIRST = "the first batch is made"
VALID = Path(__file__).resolve().parent.parent / "data" / "starter" / "valid"


class FirstBatch(BucketedBatches):
    """Ends the process when the first batch is made."""

    def epoch(self, number: int, skip: int) -> Iterator[Batch]:
        """Make one batch and exit."""
        next(super().epoch(number, skip))
        sys.stderr.write(f"{FIRST}\n")
        sys.stderr.flush()
        os._exit(0)


@dataclass
class Run:
    """The course of a command.

    Attributes:
        lines: of its log, each with its second.
        samples: second, bytes of memory and processor seconds of it and its child processes, and
            bytes of shards on disk.
        seconds: duration.
        processor: processor seconds of all its processes.
    """

    lines: list[tuple[float, str]] = field(default_factory=list)
    samples: list[tuple[float, int, float, int]] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0

    def when(self, text: str) -> float:
        """Return the second of the first line that contains a text."""
        return next(second for second, line in self.lines if text in line)


def main(sizes: Sequence[int], folder: Path, processes: int) -> None:
    """Measure each size, print the results and write the report."""
    write(folder, max(sizes), processes)
    rows = []
    for pairs in sizes:
        rows.append(measure(cut(folder, pairs), pairs, processes))
        print(line(rows[-1]), flush=True)  # noqa: T201
    machine = {"machine": provenance.machine(choose("cpu")), "commit": provenance.commit()}
    versions = {"sentencepiece": sentencepiece.__version__, "processes": processes}
    report = json.dumps({**machine, **versions, "rows": rows}, indent=1)
    (folder / "preparation.json").write_text(report + "\n", encoding="utf-8")
    print(report)  # noqa: T201


def write(folder: Path, pairs: int, processes: int) -> None:
    """Generate the pairs with the starter grammar, each process with its own seed."""
    if all((folder / f"train.{side}").is_file() for side in SIDES):
        return
    parts = [folder / f"part-{number}" for number in range(processes)]
    command = [sys.executable, "-m", "data.starter_grammar", f"count={-(-pairs // processes)}"]
    running = [
        subprocess.Popen([*command, f"seed={seed}", f"output={part}"])
        for seed, part in enumerate(parts, 11)
    ]
    if any(process.wait() for process in running):
        sys.exit("the pairs cannot be written")
    for side in SIDES:
        with (folder / f"train.{side}").open("wb") as whole:
            for part in parts:
                with (part / f"train.{side}").open("rb") as file:
                    shutil.copyfileobj(file, whole)
    for part in parts:
        shutil.rmtree(part)


def cut(folder: Path, pairs: int) -> Path:
    """Create a folder with the first pairs."""
    place = folder / str(pairs)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for side in SIDES:
        whole, part = (one / f"train.{side}" for one in (folder, place))
        with whole.open("rb") as file, part.open("wb") as first:
            first.writelines(islice(file, pairs))
    return place


def measure(home: Path, pairs: int, processes: int) -> dict[str, Any]:
    """Prepare the text of a folder and start trainings on it; return a row of the report."""
    overrides = [
        f"data.{split}.{name}=[{path}.{side}]"
        for split, path in (("train", home / "train"), ("valid", VALID))
        for name, side in zip(("source", "target"), SIDES, strict=True)
    ]
    overrides += ["data=files", f"prepared={home / 'prepared'}"]
    preparation = run(
        "prepare", f"preparation_workers={processes}", *overrides, shards=home / "prepared"
    )
    (prepared,) = (home / "prepared").iterdir()
    rates = [both(prepared / "sentencepiece.model", home, min(pairs, ALONE), processes)]
    starts = [
        run("train", *overrides, "batches._target_=preparation.FirstBatch", f"run={home / 'run'}")
        for _ in range(STARTS)
    ]
    rates.append(both(prepared / "sentencepiece.model", home, min(pairs, ALONE), processes))
    start, end = preparation.when("encoding train"), preparation.when("encoding valid")
    rate = max(one for some in rates for one, _ in some)
    cost = min(one for some in rates for _, one in some)
    used = between(preparation, start, end)
    return {
        "pairs": pairs,
        "sentencepiece_pairs_per_second": rate,
        "encoding_pairs_per_second": pairs / (end - start),
        "share": pairs / (end - start) / rate,
        "sentencepiece_processor_microseconds_per_pair": 1e6 * cost,
        "encoding_processor_microseconds_per_pair": 1e6 * used / pairs,
        "share_by_processor_time": cost * pairs / used,
        "command_seconds": preparation.seconds,
        "learning_seconds": start - preparation.when("training the tokenizer"),
        "command_processor_seconds": preparation.processor,
        **peaks(preparation, start),
        "first_batch_seconds": [start.when(FIRST) for start in starts],
        "first_batch_processor_seconds": [start.processor for start in starts],
    }


def run(command: str, *words: str, shards: Path | None = None) -> Run:
    """Run a command of this program and sample its memory."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    before, result, started = os.times(), Run(), time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", f"nmt.{command}", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )

    def watch() -> None:
        while process.poll() is None:
            written = sum(path.stat().st_size for path in shards.rglob("train-*")) if shards else 0
            result.samples.append((time.monotonic() - started, *usage(process.pid), written))
            time.sleep(SECONDS)

    watching = Thread(target=watch)
    watching.start()
    assert process.stderr is not None
    for text in process.stderr:
        result.lines.append((time.monotonic() - started, text))
    if process.wait():
        sys.exit(f"{command} {' '.join(words)}: {''.join(text for _, text in result.lines)}")
    watching.join()
    after = os.times()
    result.seconds = time.monotonic() - started
    result.processor = sum(after[2:4]) - sum(before[2:4])
    return result


def usage(process: int) -> tuple[int, float]:
    """Return the memory (Pss, in bytes) and the processor seconds of a process and its children."""
    memory, seconds = 0, 0.0
    try:
        for text in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if text.startswith("Pss:"):
                memory = int(text.split()[1]) << 10
        ticks = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:15]
        seconds = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        for path in Path(f"/proc/{process}/task").glob("*/children"):
            for child in path.read_text().split():
                below = usage(int(child))
                memory, seconds = memory + below[0], seconds + below[1]
    except OSError:  # It has just ended.
        pass
    return memory, seconds


def between(done: Run, start: float, end: float) -> float:
    """Return the processor seconds between two moments, by the samples nearest to them."""
    first, last = (
        min(done.samples, key=lambda sample: abs(sample[0] - moment)) for moment in (start, end)
    )
    return last[2] - first[2]


def peaks(done: Run, start: float) -> dict[str, Any]:
    """Return the peak memory before encoding, and until fifths of all shards were written."""
    before = max(held for second, held, *_ in done.samples if second < start)
    total = max(written for *_, written in done.samples)
    fifths = [
        max(
            held
            for second, held, _, written in done.samples
            if second >= start and written <= total * fifth / 5
        )
        for fifth in (1, 3, 5)
    ]
    return {"memory_bytes_learning": before, "memory_bytes_encoding_at_fifths": fifths}


def both(model: Path, home: Path, pairs: int, processes: int) -> list[tuple[float, float]]:
    """Measure SentencePiece with threads of one process and with processes; see `alone`."""
    return [alone(model, place, pairs, 1, processes), alone(model, place, pairs, processes, 1)]


def alone(model: Path, home: Path, pairs: int, processes: int, threads: int) -> tuple[float, float]:
    """Encode lists of lines with SentencePiece and nothing else.

    Returns:
        Pairs per second, from the first start to the last end, and processor seconds per pair.
    """
    each = pairs // processes
    jobs = [(model, place, number * each, each, threads) for number in range(processes)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        spans = pool.map(encode, jobs, chunksize=1)
    seconds = max(end for _, end, _ in spans) - min(start for start, *_ in spans)
    return processes * each / seconds, sum(used for *_, used in spans) / (processes * each)


def encode(job: tuple[Path, Path, int, int, int]) -> tuple[float, float, float]:
    """Encode some pairs from memory; return start, end and processor seconds."""
    model, place, first, count, threads = job
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    sides = []
    for side in SIDES:
        with (place / f"train.{side}").open(encoding="utf-8", newline="\n") as file:
            sides.append([text.removesuffix("\n") for text in islice(file, first, first + count)])
    time.sleep(1)  # so that all processes start at about the same time
    started, before = time.monotonic(), time.process_time()
    for lines in sides:
        for start in range(0, count, TOGETHER):  # faster than all at once
            processor.encode(lines[start : start + TOGETHER], num_threads=threads)
    return started, time.monotonic(), time.process_time() - before


def line(row: dict[str, Any]) -> str:
    """Format a row as a line."""
    return (
        "{pairs:,} pairs: {encoding_pairs_per_second:,.0f} pairs/s, {share:.0%} of SentencePiece's"
        " {sentencepiece_pairs_per_second:,.0f} ({share_by_processor_time:.0%} by processor time);"
        " command {command_seconds:.1f} s, learning"
        " {learning_seconds:.1f} s; memory {memory_bytes_learning:,} bytes learning,"
        " {memory_bytes_encoding_at_fifths} encoding;"
        " first batch {first_batch_seconds} s".format(**row)
    )


if __name__ == "__main__":
    arguments = dict(word.split("=", 1) for word in sys.argv[1:])
    place = Path(arguments.get("folder") or tempfile.mkdtemp())
    place.mkdir(parents=True, exist_ok=True)
    sizes = [int(size) for size in arguments.get("pairs", "200000,1000000,5000000").split(",")]
    main(sizes, place, int(arguments.get("processes", "2")))
