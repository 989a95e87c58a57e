"""Measurements that take turns, so that what else a machine does falls on all alike."""

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
"""Of these the least seconds count, as what disturbs only makes slower."""

Figures = dict[str, float]
"""What was measured in one turn, by name; of rates, higher is better."""


def take(rounds: int, measured: Mapping[str, Callable[[], Figures]]) -> dict[str, list[Figures]]:
    """Measure each in turn, `rounds` times."""
    found: dict[str, list[Figures]] = {name: [] for name in measured}
    for number in range(1, rounds + 1):
        for name, measure in measured.items():
            found[name].append(measure())
            said = "  ".join(f"{key} {value:,.4g}" for key, value in found[name][-1].items())
            print(f"round {number} of {rounds}, {name}: {said}", file=sys.stderr)  # noqa: T201
    return found


def medians(turns: Sequence[Figures]) -> Figures:
    """Give the median of each figure that all turns have."""
    names = [name for name in turns[0] if all(name in turn for turn in turns)]
    return {name: statistics.median(turn[name] for turn in turns) for name in names}


def ratio(ours: Sequence[Figures], theirs: Sequence[Figures], name: str, other: str) -> float:
    """Give the median, over the rounds, of our figure by theirs of the same round."""
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(mine[name] / peer[other] for mine, peer in pairs)


def run(command: Sequence[str], given: bytes = b"") -> tuple[float, subprocess.CompletedProcess]:
    """Run a command of this checkout; give its seconds and its outputs. Failure ends everything."""
    began = time.monotonic()
    done = subprocess.run(command, input=given, capture_output=True, env=environment(), check=False)
    seconds = time.monotonic() - began
    if done.returncode:
        sys.exit(f"{shlex.join(command)} ended with {done.returncode}:\n{done.stderr.decode()}")
    return seconds, done


@contextmanager
def pinned(cores: int) -> Iterator[None]:
    """Let this process, and what it starts, use the first `cores` that it may use, on Linux."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    if cores > len(before):
        sys.exit(f"{cores} cores are asked for, but this process may use {len(before)}")
    os.sched_setaffinity(0, set(sorted(before)[:cores]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def beside_start(command: Sequence[str], empty: Path, source: Path) -> tuple[float, float]:
    """Run a command of translation with nothing to do, some times, and with a text.

    Returns:
        The least seconds with nothing to do, which are its start-up, and those with the text.
    """
    start = min(run([*command, f"input={empty}"])[0] for _ in range(STARTS))
    whole, _ = run([*command, f"input={source}"])
    if whole <= start:
        sys.exit(f"{source} takes no longer than start-up ({start:.2f} s); give more lines")
    return start, whole


def environment() -> dict[str, str]:
    """Give this process's environment, in which the checkout's modules are found first."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def module(name: str, *words: str) -> list[str]:
    """Give the command that runs a module."""
    return [sys.executable, "-m", name, *words]


@dataclass(frozen=True)
class Peer:
    """Another program's command, given as a line for the shell.

    Attributes:
        command: prints its figures, or is measured by the clock.
        pattern: a regular expression whose first group is a figure; the matches are numbered from
            1 as they come. Empty: the figure is the seconds of the whole command.
        amount: what a second of a figure is to be divided into, to give a rate; 0: the figure is
            a rate already.
    """

    command: str
    pattern: str
    amount: float

    def __call__(self) -> Figures:
        """Run it once; give its rates as `1`, `2`, …, and its seconds."""
        seconds, done = run(["sh", "-c", self.command])
        said = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
        figures = [seconds]
        if self.pattern:
            found = re.findall(self.pattern, said)
            figures = [float(figure.replace(",", "")) for figure in found]
        if not figures:
            sys.exit(f"pattern={self.pattern!r} matches nothing that the peer said:\n{said}")
        rates = [self.amount / one if self.amount else one for one in figures]
        return {"seconds": seconds, **{str(i): rate for i, rate in enumerate(rates, 1)}}


def compare(found: Mapping[str, list[Figures]], peer: str, figure: str) -> dict[str, Any]:
    """Hold a figure of each of ours against the peer's: number n against its nth, or its only one.

    Args:
        found: what `take` gave, ours in order and the peer's.
        peer: name of the latter.
        figure: name of what is compared.
    """
    theirs = found[peer]
    count = sum(name.isdigit() for name in theirs[0])
    ours = [name for name in found if name != peer]
    return {
        name: ratio(found[name], theirs, figure, str(min(number, count)))
        for number, name in enumerate(ours, 1)
    }
