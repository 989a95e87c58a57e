"""The start-up time of a translation, in comparison with that of torch.

    python benchmarks/startup.py run=FOLDER [times=7] [output=FILE]

`python -c 'import torch'` and `echo 'Guten Tag.' | python -m nmt.translate run=FOLDER` take turns,
`times` each, on one thread of one core. FILE receives all numbers as JSON. Seconds depend on other
load on the machine; the processor seconds beside them less so.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from nmt.runtime import output_files, provenance
from nmt.runtime.device import choose

LINE = b"Guten Tag.\n"


def main(run: str, times: int, output: Path | None) -> None:
    """Measure both in turns, print the times and write the report."""
    torch = [sys.executable, "-c", "import torch"]
    translation = [sys.executable, "-m", "nmt.translate", f"run={run}"]
    results: dict[str, list[tuple[float, float]]] = {"torch": [], "translation": []}
    for command in (torch, translation):
        measure(command)  # so that the files of both are in memory
    for _ in range(times):
        for name, command in (("torch", torch), ("translation", translation)):
            results[name].append(measure(command))
    rows = [
        summary(kind, *([times[index] for times in results[name]] for name in results))
        for index, kind in enumerate(("seconds", "processor seconds"))
    ]
    for row in rows:
        print(  # noqa: T201
            "{kind}: torch {torch_least:.2f}, translation {translation_least:.2f}, difference"
            " {difference_of_least:.2f}; medians {torch_median:.2f}, {translation_median:.2f},"
            " difference {difference_of_medians:.2f}".format(**row)
        )
    if output is not None:
        machine = {"machine": provenance.machine(choose("cpu")), "commit": provenance.commit()}
        text = json.dumps({**machine, "rows": rows}, indent=1) + "\n"
        output_files.write(output, text.encode())


def measure(command: list[str]) -> tuple[float, float]:
    """Run a command on one core; return its seconds and its processor seconds."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    started, before = time.monotonic(), os.times()
    done = subprocess.run(command, input=LINE, capture_output=True, env=environment, check=False)
    seconds, after = time.monotonic() - started, os.times()
    if done.returncode:
        sys.exit(done.stderr.decode())
    return seconds, sum(after[2:4]) - sum(before[2:4])


def summary(kind: str, torch: list[float], translation: list[float]) -> dict[str, Any]:
    """Compare one kind of seconds of both commands."""
    return {
        "kind": kind,
        "torch": torch,
        "translation": translation,
        "torch_least": min(torch),
        "translation_least": min(translation),
        "difference_of_least": min(translation) - min(torch),
        "torch_median": statistics.median(torch),
        "translation_median": statistics.median(translation),
        "difference_of_medians": statistics.median(translation) - statistics.median(torch),
    }


if __name__ == "__main__":
    arguments = dict(word.split("=", 1) for word in sys.argv[1:])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    file = Path(arguments["output"]) if "output" in arguments else None
    main(arguments["run"], int(arguments.get("times", "7")), file)
