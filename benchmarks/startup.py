"""What the start of a translation costs beside that of torch; prints a table.

    python benchmarks/startup.py run=FOLDER [times=7] [output=FILE]

`python -c 'import torch'` and `echo 'Guten Tag.' | python -m nmt.translate run=FOLDER` take turns,
`times` of each, on one thread of one core. FILE gets all numbers, as JSON. Seconds depend on what
else the machine does; processor seconds, which stand beside them, less so.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from nmt.runtime import provenance
from nmt.runtime.device import choose

LINE = b"Guten Tag.\n"


def main(run: str, times: int, output: Path | None) -> None:
    """Measure both in turns."""
    torch = [sys.executable, "-c", "import torch"]
    translation = [sys.executable, "-m", "nmt.translate", f"run={run}"]
    found: dict[str, list[tuple[float, float]]] = {"torch": [], "translation": []}
    for command in (torch, translation):
        took(command)  # so that the files of both are in memory
    for _ in range(times):
        for name, command in (("torch", torch), ("translation", translation)):
            found[name].append(took(command))
    rows = [
        row(kind, [[one[place] for one in found[name]] for name in found])
        for place, kind in enumerate(("seconds", "processor seconds"))
    ]
    for one in rows:
        print(  # noqa: T201
            "{kind}: torch {torch_least:.2f}, translation {translation_least:.2f}, more by"
            " {difference_of_least:.2f}; medians {torch_median:.2f}, {translation_median:.2f}, more"
            " by {difference_of_medians:.2f}".format(**one)
        )
    if output is not None:
        machine = {"machine": provenance.machine(choose("cpu")), "commit": provenance.commit()}
        output.write_text(json.dumps({**machine, "rows": rows}, indent=1) + "\n", encoding="utf-8")


def took(command: list[str]) -> tuple[float, float]:
    """Run a command on one core; give its seconds, and those of the processor."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    began, before = time.monotonic(), os.times()
    done = subprocess.run(command, input=LINE, capture_output=True, env=environment, check=False)
    seconds, after = time.monotonic() - began, os.times()
    if done.returncode:
        sys.exit(done.stderr.decode())
    return seconds, sum(after[2:4]) - sum(before[2:4])


def row(kind: str, both: list[list[float]]) -> dict[str, object]:
    """Hold one kind of seconds of both commands against each other."""
    torch, translation = both
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
    given = dict(word.split("=", 1) for word in sys.argv[1:])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    file = Path(given["output"]) if "output" in given else None
    main(given["run"], int(given.get("times", "7")), file)
