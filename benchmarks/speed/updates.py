"""One training, in a process of its own: `python -m benchmarks.speed.updates KEY=VALUE ...`.

Prints a line of JSON. Matrix products and updates take turns, in the same number type and process.
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
"""What was measured of each library and shape: by the clock, and by processors' seconds."""

RATE = 1e-4
"""Of learning; what is learnt does not matter here."""


@dataclass(frozen=True)
class Keys:
    """How long is measured.

    Attributes:
        seconds: of updates, after the warm-up.
        warm: updates of the warm-up.
        turns: parts of the seconds, before and after each of which matrices are multiplied.
        product_seconds: for which they are, each time.
    """

    seconds: float = 30.0
    warm: int = 5
    turns: int = 3
    product_seconds: float = 0.5


def main(words: Sequence[str]) -> dict[str, Any]:
    """Measure the training that the words configure."""
    keys, overrides = parse(Keys, words)
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
    return _found(network, parts, rates)


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
    """Update for so long; batches are made within the time, as in a training."""
    sums = {"source_pieces": 0.0, "target_pieces": 0.0, "rows": 0.0, "updates": 0.0}
    began, before = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        result = updater.update([next(stream)], 1, RATE, lambda: None)
        for name in ("source_pieces", "target_pieces", "rows"):
            sums[name] += getattr(result, name)
        sums["updates"] += 1
    sums["seconds"] = time.perf_counter() - began
    sums["processor_seconds"] = time.process_time() - before
    return sums


def _found(network: Any, parts: Sequence[dict[str, float]], rates: Rates) -> dict[str, Any]:
    total = {name: sum(part[name] for part in parts) for name in parts[0]}
    means = total["source_pieces"] / total["rows"], total["target_pieces"] / total["rows"]
    products = Products.of(network)
    middle = {way: _middle(some) for way, some in rates.items()}
    best = max(middle, key=lambda way: middle[way])
    by_torch = max(found[0] for (library, _), found in middle.items() if library == "torch")
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
            "product_flops_per_second": middle[best][0],
            "flops_per_target_piece": operations,
            "share_of_products": operations * speed / middle[best][0],
            "share_of_torch_products": operations * speed / by_torch,
            "share_by_processor_time": operations * processor_speed / middle[best][1],
        },
        "formula": products.formula(*means),
        "products": products.numbers(),
        "product_shapes": {_called(way): middle[way] for way in middle},
        "fastest_product": _called(best),
        "parameters": sum(one.numel() for one in network.parameters()),
    }


def _called(way: tuple[str, Shape]) -> str:
    return f"{' x '.join(map(str, way[1]))} by {way[0]}"


def _middle(some: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Give the medians, by the clock and by processors' seconds."""
    clock, processor = zip(*some, strict=True)
    return statistics.median(clock), statistics.median(processor)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1:])) + "\n")
