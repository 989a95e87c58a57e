"""`train`: pieces per second, and their share of the machine's speed of matrix products."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.speed import turns
from benchmarks.speed.keys import parse
from benchmarks.speed.sizes import with_reference_sizes
from nmt.models.precision import has_bfloat16
from nmt.runtime.device import choose

FIGURE = "target_pieces_per_second"


@dataclass(frozen=True)
class Keys:
    """What is measured, and for how long.

    Attributes:
        precisions: values of `precision=`; `auto` is each one that is fast on this machine.
        rounds: number of turns of each measurement.
        seconds: of updates, per round and precision.
        warm: updates of the warm-up.
        product_seconds: of each of the largest matrix products, several times.
        threads: of each process; the measurement uses as many cores.
        peer: a command line that prints its target pieces per second.
        pattern: of its figure; see `turns.Peer`.
    """

    precisions: tuple[str, ...] = ("auto",)
    rounds: int = 3
    seconds: float = 30.0
    warm: int = 5
    product_seconds: float = 0.5
    threads: int = 1
    peer: str = ""
    pattern: str = r"([0-9.,]+) target pieces/s"


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Measure the training that the overrides configure, in each precision."""
    keys, overrides = parse(Keys, arguments)
    overrides = with_reference_sizes([*overrides, f"threads={keys.threads}"])
    details: dict[str, Any] = {}
    measured: dict[str, Callable[[], turns.Figures]] = {}
    for precision in _precisions(keys.precisions):
        command = [f"seconds={keys.seconds}", f"warm={keys.warm}"]
        command += [f"product_seconds={keys.product_seconds}", *overrides, f"precision={precision}"]
        measured[precision] = _measurement(precision, command, details)
    if keys.peer:
        measured["peer"] = turns.Peer(keys.peer, keys.pattern, 0)
    with turns.pinned(keys.threads):
        results = turns.take(keys.rounds, measured)
    return {
        "threads": keys.threads,
        "overrides": overrides,
        "turns": results,
        "medians": {name: turns.medians(some) for name, some in results.items()},
        "details": details,
        "ratios": turns.compare(results, "peer", FIGURE) if keys.peer else {},
    }


def _precisions(requested: tuple[str, ...]) -> list[str]:
    if requested != ("auto",):
        return list(requested)
    return ["float32", *(["bfloat16"] if has_bfloat16(choose("auto")) else [])]


def _measurement(
    name: str, arguments: Sequence[str], details: dict[str, Any]
) -> Callable[[], turns.Figures]:
    def measure() -> turns.Figures:
        _, done = turns.run(turns.module("benchmarks.speed.updates", *arguments))
        output = json.loads(done.stdout.splitlines()[-1])
        details[name] = {key: value for key, value in output.items() if key != "figures"}
        return output["figures"]

    return measure


def table(report: dict[str, Any]) -> list[str]:
    """Return the medians as lines."""
    lines = []
    for name, row in report["medians"].items():
        if name == "peer":
            lines.append(f"peer: {row['1']:,.0f} target pieces/s")
            continue
        detail = report["details"][name]
        lines += [
            f"{name}: {row[FIGURE]:,.0f} target and {row['source_pieces_per_second']:,.0f} source "
            f"pieces/s, peak memory {row['peak_memory_bytes'] / 1e6:,.0f} MB; "
            f"{row['share_of_products']:.0%} ({row['share_by_processor_time']:.0%} by processor "
            f"time) of {row['product_flops_per_second'] / 1e9:,.0f} GFLOP/s, which the product "
            f"{detail['fastest_product']} reaches; {row['share_of_torch_products']:.0%} of torch's",
            f"  {detail['formula']}",
        ]
        if name in report["ratios"]:
            lines.append(f"  {report['ratios'][name]:.2f} x the peer (median of the rounds)")
    return lines
