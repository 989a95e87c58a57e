"""One training in its own process: `python -m benchmarks.speed.updates KEY=VALUE ...`.

It prints a line of JSON. Updates and matrix products of the same number type take turns.
"""

import itertools
import json
import resource
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from omegaconf import DictConfig

from benchmarks.speed.keys import parse
from benchmarks.speed.products import BACKWARD, LIBRARIES, Products, largest, rate
from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate, plain
from nmt.data.batch import Batch
from nmt.data.preparation.preparation import PreparedCorpus
from nmt.models.factory import translation_model
from nmt.prepare import prepared
from nmt.runtime import allocator, device, random_state
from nmt.training.distributed import collectives
from nmt.training.optimizers import build_optimizer
from nmt.training.updater import Updater

Shape = tuple[int, int, int]
Rates = dict[tuple[str, Shape], list[tuple[float, float]]]
"""By library and shape: operations per second, by the clock and by processor time."""

RATE = 1e-4
"""Learning rate; what is learned does not matter here."""


@dataclass(frozen=True)
class Keys:
    """For how long is measured.

    Attributes:
        seconds: of updates, after the warm-up.
        warm: updates of the warm-up.
        turns: parts of the seconds; before and after each, matrix products are measured.
        product_seconds: of each of these measurements.
    """

    seconds: float = 30.0
    warm: int = 5
    turns: int = 3
    product_seconds: float = 0.5


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Measure the training that the overrides configure."""
    keys, overrides = parse(Keys, arguments)
    config = configuration("train", overrides, ())
    allocator.limit_kernel_caches()
    allocator.keep_freed_blocks()
    device.set_threads(config.threads)
    place = device.choose(config.device)
    corpus = prepared(config)
    random_state.seed(config.seed)
    sizes = corpus.tokenizers.source.size, corpus.tokenizers.target.size
    network = translation_model(plain(config.model), *sizes).to(place)
    precision = instantiate(config.precision)
    kind = {"bfloat16": torch.bfloat16, "float32": torch.float32}[precision.name(place)]
    updater = Updater(
        network,
        instantiate(config.objective),
        build_optimizer(instantiate(config.optimizer), network),
        precision,
        place,
        config.clip_norm,
    )
    stream = _endless(config, corpus)
    ways = list(itertools.product(LIBRARIES, largest(network, config.batches.budget)))

    def multiplied(way: tuple[str, Shape]) -> tuple[float, float]:
        return rate(way[1], kind, keys.product_seconds, LIBRARIES[way[0]])

    for number in range(1, keys.warm + 1):
        updater.update([next(stream)], number, RATE, lambda: None)
    rates: Rates = {way: [multiplied(way)] for way in ways}
    parts = []
    for _ in range(keys.turns):
        parts.append(_part(updater, stream, keys.seconds / keys.turns))
        for way in ways:
            rates[way].append(multiplied(way))
    return _report(network, parts, rates)


def _endless(config: DictConfig, corpus: PreparedCorpus) -> Iterator[Batch]:
    batches = instantiate(config.batches)(
        shards=corpus.train,
        tokenizers=corpus.tokenizers,
        segmentation=instantiate(config.segmentation),
        seed=config.seed,
        rank=collectives.rank(),
        ranks=collectives.world_size(),
    )
    for number in range(1, 1 << 62):
        yield from batches.epoch(number, 0)


def _part(updater: Updater, stream: Iterator[Batch], seconds: float) -> dict[str, float]:
    """Update for a time, which includes making the batches, as in training."""
    sums = {"source_pieces": 0.0, "target_pieces": 0.0, "rows": 0.0, "updates": 0.0}
    started, before = time.perf_counter(), time.process_time()
    while time.perf_counter() - started < seconds:
        result = updater.update([next(stream)], 1, RATE, lambda: None)
        for name in ("source_pieces", "target_pieces", "rows"):
            sums[name] += getattr(result, name)
        sums["updates"] += 1
    sums["seconds"] = time.perf_counter() - started
    sums["processor_seconds"] = time.process_time() - before
    return sums


def _report(network: Any, parts: Sequence[dict[str, float]], rates: Rates) -> dict[str, Any]:
    total = {name: sum(part[name] for part in parts) for name in parts[0]}
    means = total["source_pieces"] / total["rows"], total["target_pieces"] / total["rows"]
    products = Products.of(network)
    medians = {way: _medians(some) for way, some in rates.items()}
    best = max(medians, key=lambda way: medians[way])
    by_torch = max(rates_[0] for (library, _), rates_ in medians.items() if library == "torch")
    speed = total["target_pieces"] / total["seconds"]
    processor_speed = total["target_pieces"] / total["processor_seconds"]
    operations = BACKWARD * products.forward(*means)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "figures": {
            "target_pieces_per_second": speed,
            "source_pieces_per_second": total["source_pieces"] / total["seconds"],
            "target_pieces_per_processor_second": processor_speed,
            "updates": total["updates"],
            "peak_memory_bytes": peak if sys.platform == "darwin" else 1024 * peak,
            "product_flops_per_second": medians[best][0],
            "flops_per_target_piece": operations,
            "share_of_products": operations * speed / medians[best][0],
            "share_of_torch_products": operations * speed / by_torch,
            "share_by_processor_time": operations * processor_speed / medians[best][1],
        },
        "formula": products.formula(*means),
        "products": products.numbers(),
        "product_shapes": {_label(way): medians[way] for way in medians},
        "fastest_product": _label(best),
        "parameters": sum(one.numel() for one in network.parameters()),
    }


def _label(way: tuple[str, Shape]) -> str:
    return f"{' x '.join(map(str, way[1]))} by {way[0]}"


def _medians(some: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the medians, by the clock and by processor time."""
    clock, processor = zip(*some, strict=True)
    return statistics.median(clock), statistics.median(processor)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1:])) + "\n")
