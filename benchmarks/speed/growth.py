"""`growth`: seconds against sentence length, batch, beam, vocabulary and corpus size, as plots."""

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
from benchmarks.speed.sizes import completed
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
"""Of learning; what is learnt does not matter here."""

Work = Callable[[DictConfig, TranslationModel, "Point", Batch], Callable[[], object]]
"""Makes what is timed."""


@dataclass(frozen=True)
class Point:
    """Of a network that has learnt nothing: sentences of one length, in a batch, and a beam."""

    length: int = 20
    batch: int = 64
    beam: int = 5
    vocabulary: int = 8000


@dataclass(frozen=True)
class Keys:
    """Which values are measured; of all else, those of `Point`.

    Attributes:
        length: pieces of each sentence on both sides, END included.
        batch: sentences in a batch.
        beam: hypotheses of a sentence.
        vocabulary: pieces.
        corpus: pairs of the starter grammar, which are prepared; 0 for none.
        rounds: how often all take turns.
        threads: of each.
        picture: file of the plots, .png or .svg; empty for none.
    """

    length: tuple[int, ...] = (5, 10, 20, 40, 80)
    batch: tuple[int, ...] = (1, 4, 16, 64, 256)
    beam: tuple[int, ...] = (1, 2, 5, 10, 20)
    vocabulary: tuple[int, ...] = (1000, 4000, 8000, 16000, 32000)
    corpus: tuple[int, ...] = (10_000, 30_000, 100_000)
    rounds: int = 3
    threads: int = 1
    picture: str = ""


def main(words: Sequence[str]) -> dict[str, Any]:
    """Measure an update, a search and a preparation at each value."""
    keys, overrides = parse(Keys, words)
    told = completed(overrides)
    allocator.limit_kernel_caches()
    allocator.keep_freed_blocks()
    device.set_threads(keys.threads)
    config = configuration("train", told, ())
    measured: dict[str, Callable[[], turns.Figures]] = {}
    for question in ("length", "batch", "beam", "vocabulary"):
        for value in getattr(keys, question):
            point = replace(Point(), **{question: value})
            works = (_search,) if question == "beam" else (_update, _search)
            measured[f"{question} {value}"] = partial(_measure, works, point, config)
    for pairs in filter(None, keys.corpus):
        measured[f"corpus {pairs}"] = partial(_prepare, pairs)
    found = turns.take(keys.rounds, measured)
    report = {
        "threads": keys.threads,
        "overrides": told,
        "turns": found,
        "medians": {name: turns.medians(some) for name, some in found.items()},
    }
    if keys.picture:
        _draw(report["medians"], Path(keys.picture))
    return report


def _measure(works: Sequence[Work], point: Point, config: DictConfig) -> turns.Figures:
    """Time the second of two updates, or searches, of a batch; each network is a new one."""
    figures: turns.Figures = {}
    for work in works:
        torch.manual_seed(1)
        network = translation_model(plain(config.model), point.vocabulary, point.vocabulary)
        again = work(config, network, point, _batch(point))
        again()
        name = work.__name__.strip("_")
        figures[f"{name}_seconds"] = _seconds(again)
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
    """Let the limit of pieces alone end a sentence."""
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
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _prepare(pairs: int) -> turns.Figures:
    """Time `nmt.prepare` on so many pairs; benchmarks/preparation.py says more of millions."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        turns.run(turns.module("data.starter_grammar", f"count={pairs}", f"output={place}"))
        words = ["data=files", f"prepared={place / 'prepared'}"]
        for split, prefix in (
            ("train", place / "train"),
            ("valid", turns.ROOT / "data/starter/valid"),
        ):
            for name, side in (("source", "de"), ("target", "en")):
                words.append(f"data.{split}.{name}=[{prefix}.{side}]")
        seconds, _ = turns.run(turns.module("nmt.prepare", *words, "tokenizer.size=1000"))
    return {"prepare_seconds": seconds, "prepared_pairs_per_second": pairs / seconds}


def _draw(medians: dict[str, turns.Figures], path: Path) -> None:
    """Draw a panel for each question; both axes are logarithmic, so that a law is a slope."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        sys.exit("picture= needs matplotlib: pip install 'recurrent-nmt[plot]'")
    from nmt.analysis.plots.plot import colour, save, tidy

    questions = list(dict.fromkeys(name.split()[0] for name in medians))
    figure = Figure(figsize=(3.2 * len(questions), 3.2), layout="constrained")
    for axes, question in zip(
        figure.subplots(1, len(questions), squeeze=False)[0], questions, strict=True
    ):
        rows = {
            int(name.split()[1]): row
            for name, row in medians.items()
            if name.split()[0] == question
        }
        shown = [name for name in next(iter(rows.values())) if name.endswith("_seconds")]
        for number, figure_name in enumerate(shown):
            seconds = [row[figure_name] for row in rows.values()]
            label = figure_name.removesuffix("_seconds")
            axes.plot(list(rows), seconds, "o-", color=colour(number), label=label)
        axes.set_xscale("log")
        axes.set_yscale("log")
        tidy(axes, question, "seconds")
        axes.legend(frameon=False, fontsize=8)
    save(figure, path)


def slopes(medians: dict[str, turns.Figures], figure: str) -> dict[str, float]:
    """Give for each question the exponent of growth: the slope of logarithms, least squares."""
    by_question: dict[str, list[tuple[float, float]]] = {}
    for name, row in medians.items():
        question, value = name.split()
        if figure in row:
            pair = (torch.tensor(float(value)).log().item(), torch.tensor(row[figure]).log().item())
            by_question.setdefault(question, []).append(pair)
    return {
        question: statistics.linear_regression(*zip(*pairs, strict=True)).slope
        for question, pairs in by_question.items()
        if len(pairs) > 1
    }


def table(report: dict[str, Any]) -> list[str]:
    """Say the medians in lines, then how they grow."""
    medians = report["medians"]
    lines = []
    for name, row in medians.items():
        said = ", ".join(
            f"{figure.replace('_', ' ')} {value:,.4g}" for figure, value in row.items()
        )
        lines.append(f"{name}: {said}")
    for figure in ("update_seconds", "search_seconds", "prepare_seconds"):
        for question, slope in slopes(medians, figure).items():
            lines.append(f"{figure.replace('_', ' ')} grow as {question} to the power {slope:.2f}")
    return lines
