"""`train`: pieces a second of training, and what share that is of the machine's matrix products."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.speed import turns
from benchmarks.speed.keys import parse
from benchmarks.speed.sizes import completed
from nmt.models.precision import has_bfloat16
from nmt.runtime.device import choose

FIGURE = "target_pieces_per_second"


@dataclass(frozen=True)
class Keys:
    """What is measured, and how long.

    Attributes:
        precisions: number types, those of `precision=`; `auto` here: each that is fast here.
        rounds: how often all take turns.
        seconds: of updates a round and number type.
        warm: updates before.
        product_seconds: for which each of the largest matrices is multiplied, several times.
        threads: of each; they and all processes that it starts share so many cores.
        peer: a command line that says how many target pieces a second it trains.
        pattern: where its figure stands; see `turns.Peer`.
    """

    precisions: tuple[str, ...] = ("auto",)
    rounds: int = 3
    seconds: float = 30.0
    warm: int = 5
    product_seconds: float = 0.5
    threads: int = 1
    peer: str = ""
    pattern: str = r"([0-9.,]+) target pieces/s"


def main(words: Sequence[str]) -> dict[str, Any]:
    """Measure the training that the words configure, in each number type."""
    keys, overrides = parse(Keys, words)
    told = completed([*overrides, f"threads={keys.threads}"])
    details: dict[str, Any] = {}
    measured: dict[str, Callable[[], turns.Figures]] = {}
    for precision in _precisions(keys.precisions):
        command = [f"seconds={keys.seconds}", f"warm={keys.warm}"]
        command += [f"product_seconds={keys.product_seconds}", *told, f"precision={precision}"]
        measured[precision] = _measured(precision, command, details)
    if keys.peer:
        measured["peer"] = turns.Peer(keys.peer, keys.pattern, 0)
    with turns.pinned(keys.threads):
        found = turns.take(keys.rounds, measured)
    return {
        "threads": keys.threads,
        "overrides": told,
        "turns": found,
        "medians": {name: turns.medians(some) for name, some in found.items()},
        "details": details,
        "ratios": turns.compare(found, "peer", FIGURE) if keys.peer else {},
    }


def _precisions(asked: tuple[str, ...]) -> list[str]:
    if asked != ("auto",):
        return list(asked)
    return ["float32", *(["bfloat16"] if has_bfloat16(choose("auto")) else [])]


def _measured(
    name: str, words: Sequence[str], details: dict[str, Any]
) -> Callable[[], turns.Figures]:
    def measure() -> turns.Figures:
        _, done = turns.run(turns.module("benchmarks.speed.updates", *words))
        found = json.loads(done.stdout.splitlines()[-1])
        details[name] = {key: value for key, value in found.items() if key != "figures"}
        return found["figures"]

    return measure


def table(report: dict[str, Any]) -> list[str]:
    """Say the medians in lines."""
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
