"""`growth`: seconds against length, batch, beam, vocabulary and corpus size, as plots."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from benchmarks.speed import turns
from benchmarks.speed.keys import parse
from benchmarks.speed.sizes import with_reference_sizes
from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate, plain
from nmt.data.batch import Batch
from nmt.data.special_ids import BEGIN, END, SPECIAL
from nmt.models.factory import translation_model
from nmt.models.translation_model import TranslationModel
from nmt.runtime import allocator, device
from nmt.runtime.device import choose
from nmt.search.beam import Beam
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.scorers.single import SingleModel
from nmt.training.optimizers import build_optimizer
from nmt.training.updater import Updater

RATE = 1e-4
"""Learning rate; what is learned does not matter here."""

Work = Callable[[DictConfig, TranslationModel, "Point", Batch], Callable[[], object]]
"""Builds the function to time."""


@dataclass(frozen=True)
class Point:
    """A measurement of an untrained network: sentences of one length in a batch, and a beam."""

    length: int = 20
    batch: int = 64
    beam: int = 5
    vocabulary: int = 8000


@dataclass(frozen=True)
class Keys:
    """The values of each quantity, while all others are those of `Point`.

    Attributes:
        length: pieces of each sentence on both sides, END included.
        batch: sentences in a batch.
        beam: hypotheses per sentence.
        vocabulary: pieces.
        corpus: pairs of the starter grammar to prepare; 0 for none.
        rounds: number of turns of each measurement.
        threads: of each process.
        plot: file of the plots, .png or .svg; empty for none.
    """

    length: tuple[int, ...] = (5, 10, 20, 40, 80)
    batch: tuple[int, ...] = (1, 4, 16, 64, 256)
    beam: tuple[int, ...] = (1, 2, 5, 10, 20)
    vocabulary: tuple[int, ...] = (1000, 4000, 8000, 16000, 32000)
    corpus: tuple[int, ...] = (10_000, 30_000, 100_000)
    rounds: int = 3
    threads: int = 1
    plot: str = ""


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Measure an update, a search and a preparation at each value."""
    keys, overrides = parse(Keys, arguments)
    sized = with_reference_sizes(overrides)
    allocator.limit_kernel_caches()
    allocator.keep_freed_blocks()
    device.set_threads(keys.threads)
    config = configuration("train", sized, ())
    measured: dict[str, Callable[[], turns.Figures]] = {}
    for quantity in ("length", "batch", "beam", "vocabulary"):
        for value in getattr(keys, quantity):
            point = replace(Point(), **{quantity: value})
            works = (_search,) if quantity == "beam" else (_update, _search)
            measured[f"{quantity} {value}"] = partial(_measure, works, point, config)
    for pairs in filter(None, keys.corpus):
        measured[f"corpus {pairs}"] = partial(_prepare, pairs)
    results = turns.take(keys.rounds, measured)
    report = {
        "threads": keys.threads,
        "overrides": sized,
        "turns": results,
        "medians": {name: turns.medians(some) for name, some in results.items()},
    }
    if keys.plot:
        _draw(report["medians"], Path(keys.plot))
    return report


def _measure(works: Sequence[Work], point: Point, config: DictConfig) -> turns.Figures:
    """Time the second of two updates, or searches, of a batch; each network is new."""
    figures: turns.Figures = {}
    for work in works:
        torch.manual_seed(1)
        network = translation_model(plain(config.model), point.vocabulary, point.vocabulary)
        run = work(config, network, point, _batch(point))
        run()
        name = work.__name__.strip("_")
        figures[f"{name}_seconds"] = _seconds(run)
        figures[f"{name}_sentences_per_second"] = point.batch / figures[f"{name}_seconds"]
    return figures


def _update(
    config: DictConfig, network: TranslationModel, point: Point, batch: Batch
) -> Callable[[], object]:
    updater = Updater(
        network,
        instantiate(config.objective),
        build_optimizer(instantiate(config.optimizer), network),
        instantiate(config.precision),
        choose("cpu"),
        config.clip_norm,
    )
    return partial(updater.update, [batch], 1, RATE, lambda: None)


def _search(
    config: DictConfig, network: TranslationModel, point: Point, batch: Batch
) -> Callable[[], object]:
    """Return a search in which only the limit of length ends a sentence."""
    network.eval()
    with torch.no_grad():
        network.decoder.output.bias[END] = -1e4
    search = Beam(point.beam, 1, GNMT(0.6), 0.0, point.length)
    return partial(search, SingleModel(network), batch.source)


def _batch(point: Point) -> Batch:
    source = torch.randint(len(SPECIAL), point.vocabulary, (point.batch, point.length))
    source[:, -1] = END
    begin = torch.full((point.batch, 1), BEGIN)
    return Batch(source, torch.cat([begin, source], dim=1))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _prepare(pairs: int) -> turns.Figures:
    """Time `nmt.prepare`; benchmarks/preparation.py does so for millions of pairs."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        turns.run(turns.module("data.starter_grammar", f"count={pairs}", f"output={home}"))
        overrides = ["data=files", f"prepared={home / 'prepared'}"]
        for split, prefix in (
            ("train", home / "train"),
            ("valid", turns.ROOT / "data/starter/valid"),
        ):
            for name, side in (("source", "de"), ("target", "en")):
                overrides.append(f"data.{split}.{name}=[{prefix}.{side}]")
        seconds, _ = turns.run(turns.module("nmt.prepare", *overrides, "tokenizer.size=1000"))
    return {"prepare_seconds": seconds, "prepared_pairs_per_second": pairs / seconds}


def _draw(medians: dict[str, turns.Figures], path: Path) -> None:
    """Plot a panel for each quantity, with logarithmic axes, so that a power is a slope."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        sys.exit("plot= needs matplotlib: pip install 'recurrent-nmt[plot]'")
    from nmt.analysis.plots.plot import colour, save, style_axes

    quantities = list(dict.fromkeys(name.split()[0] for name in medians))
    figure = Figure(figsize=(3.2 * len(quantities), 3.2), layout="constrained")
    for axes, quantity in zip(
        figure.subplots(1, len(quantities), squeeze=False)[0], quantities, strict=True
    ):
        rows = {
            int(name.split()[1]): row
            for name, row in medians.items()
            if name.split()[0] == quantity
        }
        shown = [name for name in next(iter(rows.values())) if name.endswith("_seconds")]
        for number, figure_name in enumerate(shown):
            seconds = [row[figure_name] for row in rows.values()]
            label = figure_name.removesuffix("_seconds")
            axes.plot(list(rows), seconds, "o-", color=colour(number), label=label)
        axes.set_xscale("log")
        axes.set_yscale("log")
        style_axes(axes, quantity, "seconds")
        axes.legend(frameon=False, fontsize=8)
    save(figure, path)


def slopes(medians: dict[str, turns.Figures], figure: str) -> dict[str, float]:
    """Return the exponent of growth by quantity: the least-squares slope of logarithms."""
    by_quantity: dict[str, list[tuple[float, float]]] = {}
    for name, row in medians.items():
        quantity, value = name.split()
        if figure in row:
            pair = (torch.tensor(float(value)).log().item(), torch.tensor(row[figure]).log().item())
            by_quantity.setdefault(quantity, []).append(pair)
    return {
        quantity: statistics.linear_regression(*zip(*pairs, strict=True)).slope
        for quantity, pairs in by_quantity.items()
        if len(pairs) > 1
    }


def table(report: dict[str, Any]) -> list[str]:
    """Return the medians as lines, then their growth."""
    medians = report["medians"]
    lines = []
    for name, row in medians.items():
        figures = ", ".join(
            f"{figure.replace('_', ' ')} {value:,.4g}" for figure, value in row.items()
        )
        lines.append(f"{name}: {figures}")
    for figure in ("update_seconds", "search_seconds", "prepare_seconds"):
        for quantity, slope in slopes(medians, figure).items():
            lines.append(f"{figure.replace('_', ' ')} grow as {quantity} to the power {slope:.2f}")
    return lines
