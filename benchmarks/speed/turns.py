"""Measurements that take turns, so that other load on the machine affects all alike."""

import os
import re
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent

STARTS = 2
"""Number of start-ups, of which the fastest counts, as disturbances can only slow it down."""

Figures = dict[str, float]
"""Figures of one turn, by name; a higher rate is better."""


def take(rounds: int, measured: Mapping[str, Callable[[], Figures]]) -> dict[str, list[Figures]]:
    """Take all measurements in turns, `rounds` times."""
    results: dict[str, list[Figures]] = {name: [] for name in measured}
    for number in range(1, rounds + 1):
        for name, measure in measured.items():
            results[name].append(measure())
            figures = "  ".join(f"{key} {value:,.4g}" for key, value in results[name][-1].items())
            print(f"round {number} of {rounds}, {name}: {figures}", file=sys.stderr)  # noqa: T201
    return results


def medians(turns: Sequence[Figures]) -> Figures:
    """Return the median of each figure that all turns have."""
    names = [name for name in turns[0] if all(name in turn for turn in turns)]
    return {name: statistics.median(turn[name] for turn in turns) for name in names}


def ratio(ours: Sequence[Figures], theirs: Sequence[Figures], name: str, other: str) -> float:
    """Return the median, over the rounds, of the ratio of our figure to theirs."""
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(mine[name] / peer[other] for mine, peer in pairs)


def run(command: Sequence[str]) -> tuple[float, subprocess.CompletedProcess[bytes]]:
    """Run a command of this checkout; return its seconds and its result. Exit if it fails."""
    started = time.monotonic()
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=environment(), check=False
    )
    seconds = time.monotonic() - started
    if done.returncode:
        sys.exit(f"{shlex.join(command)} ended with {done.returncode}:\n{done.stderr.decode()}")
    return seconds, done


@contextmanager
def pinned(cores: int) -> Iterator[None]:
    """Confine this process, and those that it starts, to some of its cores (on Linux)."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    if cores > len(before):
        sys.exit(f"{cores} cores are requested, but this process may use only {len(before)}")
    os.sched_setaffinity(0, set(sorted(before)[:cores]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def start_and_total(command: Sequence[str], empty: Path, source: Path) -> tuple[float, float]:
    """Run a translation of an empty file, several times, and of a text.

    Returns:
        The least seconds for the empty file, which are its start-up, and those for the text.
    """
    start = min(run([*command, f"input={empty}"])[0] for _ in range(STARTS))
    whole, _ = run([*command, f"input={source}"])
    if whole <= start:
        sys.exit(f"{source} takes no longer than start-up ({start:.2f} s); give more lines")
    return start, whole


def environment() -> dict[str, str]:
    """Return an environment in which the modules of this checkout come first."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module."""
    return [sys.executable, "-m", name, *arguments]


@dataclass(frozen=True)
class Peer:
    """A shell command of another program.

    Attributes:
        command: prints its figures, or is measured by the clock.
        pattern: a regular expression whose first group is a figure; the matches are numbered from
            1. If it is empty, the figure is the seconds of the whole command.
        amount: is divided by a figure in seconds to give a rate; 0 if the figures are rates.
    """

    command: str
    pattern: str
    amount: float

    def __call__(self) -> Figures:
        """Run it once; return its rates as `1`, `2`, …, and its seconds."""
        seconds, done = run(["sh", "-c", self.command])
        output = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
        figures = [seconds]
        if self.pattern:
            matches = re.findall(self.pattern, output)
            figures = [float(match.replace(",", "")) for match in matches]
        if not figures:
            sys.exit(
                f"pattern={self.pattern!r} matches nothing in the output of the peer:\n{output}"
            )
        rates = [self.amount / one if self.amount else one for one in figures]
        return {"seconds": seconds, **{str(i): rate for i, rate in enumerate(rates, 1)}}


def compare(results: Mapping[str, list[Figures]], peer: str, figure: str) -> dict[str, Any]:
    """Return the ratios of our figures to the peer's: the nth of ours to its nth, or its only one.

    Args:
        results: of `take`, ours in order and the peer's.
        peer: name of the latter.
        figure: name of the figure.
    """
    theirs = results[peer]
    count = sum(name.isdigit() for name in theirs[0])
    ours = [name for name in results if name != peer]
    return {
        name: ratio(results[name], theirs, figure, str(min(number, count)))
        for number, name in enumerate(ours, 1)
    }
