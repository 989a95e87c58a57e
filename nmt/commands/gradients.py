"""Gradients of trained models and of fresh ones, on the same text."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

import torch
from omegaconf import DictConfig, OmegaConf

from nmt.analysis.gradients import flow, table
from nmt.analysis.gradients.flow import DecoderSteps, LanguageSteps, Norms, Steps
from nmt.analysis.gradients.table import EMBEDDING, FRESH, STATE, TRAINED, GradientCurve
from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate, plain
from nmt.data.special_ids import BEGIN, END
from nmt.data.text import streams
from nmt.data.text.parallel import parallel
from nmt.data.tokenization.tokenizer import Tokenizer
from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import padded
from nmt.inspection.model_folder import is_ngram, kind
from nmt.models.factory import language_network
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.prepare import prepared
from nmt.runtime import allocator, device, random_state
from nmt.runtime.checks import at_least
from nmt.runtime.control_characters import cleaned
from nmt.runtime.errors import ConfigurationError, CorpusError, ModelError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredText:
    """What is read.

    Attributes:
        lines: none of them empty.
        sources: what they translate, line by line; None where nothing was given.
        windows: how much is read at once.
    """

    lines: Sequence[str]
    sources: Sequence[str] | None
    windows: LineWindows


def gradients(config: DictConfig) -> None:
    """Measure all models on the same text; the picture shows them over each other."""
    # Imported here: without matplotlib the rest of the program works, and this says what to do.
    from nmt.analysis.plots.file_formats import check_format
    from nmt.analysis.plots.plot import save

    allocator.keep_freed_blocks()
    device.set_threads(config.threads)
    place = device.choose(config.device)
    if not config.run and not config.fresh:
        raise ConfigurationError(
            "run=[] and fresh=[] name no model; expected runs, as in run=[runs/a,runs/b], or cells,"
            " as in fresh=[elman,lstm]"
        )
    check_format(Path(config.output))
    # Imported after the room's contract, which refuses a missing matplotlib by name.
    from nmt.analysis.plots.gradients import draw

    cells = {str(name): _cell(config, str(name)) for name in config.fresh}
    text = _text(config)
    curves = [*_trained(config, text, place), *_fresh(config, cells, text, place)]
    table.write(Path(config.table), curves)
    save(draw(curves), Path(config.output))
    log.info("wrote %s and %s", config.table, config.output)


def _trained(
    config: DictConfig, text: MeasuredText, place: torch.device
) -> Iterator[GradientCurve]:
    folders = [Path(str(name)) for name in config.run]
    kinds = [kind(folder) for folder in folders]
    if text.sources is None and "model" in kinds:
        raise ConfigurationError(
            f"{folders[kinds.index('model')]} holds a translation model, which reads a source: give"
            " source=FILE, whose lines the text translates"
        )
    if text.sources is not None and "model" not in kinds:
        raise ConfigurationError(
            f"source={config.source}: none of the models translates; leave it out"
        )
    for folder, held in zip(folders, kinds, strict=True):
        if held == "model":
            bundle = SavedTranslationModel.load(folder, config.trust, place)
            batches = _translations(bundle, text, place)
        else:
            language = SavedLanguageModel.load(folder, config.trust, place)
            if is_ngram(language.config):
                raise ModelError(f"{folder} holds an n-gram model, which has no gradients")
            network = cast(LanguageNetwork, language.model)
            batches = _lines(network, language.tokenizer, text, place)
        yield from _curves(str(folder), TRAINED, batches, config.distance)


def _fresh(
    config: DictConfig, cells: dict[str, DictConfig], text: MeasuredText, place: torch.device
) -> Iterator[GradientCurve]:
    if not cells:
        return
    if "network" not in config.model:
        raise ConfigurationError("language_model=ngram has no gradients; take recurrent")
    tokenizer = instantiate(config.side).tokenizer(prepared(config).tokenizers)
    for name, cell in cells.items():
        OmegaConf.update(config, "model.cell", cell, merge=False, force_add=True)
        random_state.seed(config.seed)
        network = language_network(plain(config.model), tokenizer.size).to(place)
        network.eval().requires_grad_(False)
        yield from _curves(name, FRESH, _lines(network, tokenizer, text, place), config.distance)


def _cell(config: DictConfig, name: str) -> DictConfig:
    """Find a cell among `cells`, and compose it from its group if it is not there."""
    if name not in config.cells:
        config = configuration("gradients", [f"+model/cell@cells.{name}={name}"], ())
    node: DictConfig = config.cells[name]
    return node


def _curves(
    name: str, weights: str, batches: Iterator[tuple[Steps, torch.Tensor]], distance: int
) -> Iterator[GradientCurve]:
    log.info("following the gradients of %s (%s)", name, weights)
    parts: list[Norms] = [flow.norms(steps, target, distance) for steps, target in batches]
    found = flow.together(parts)
    for quantity in (STATE, EMBEDDING):
        yield GradientCurve(name, weights, quantity, flow.points(found, quantity))


def _lines(
    network: LanguageNetwork, tokenizer: Tokenizer, text: MeasuredText, place: torch.device
) -> Iterator[tuple[Steps, torch.Tensor]]:
    steps = LanguageSteps(network.double())
    ids = tokenizer.encode_lines(text.lines)
    for rows in text.windows.batches([len(one) + 2 for one in ids]):
        yield steps, padded([[BEGIN, *ids[row], END] for row in rows]).to(place)


def _translations(
    bundle: SavedTranslationModel, text: MeasuredText, place: torch.device
) -> Iterator[tuple[Steps, torch.Tensor]]:
    network = bundle.model.double()
    sources = bundle.tokenizers.source.encode_lines(text.sources or ())
    ids = bundle.tokenizers.target.encode_lines(text.lines)
    lengths = [max(len(one), len(two)) + 2 for one, two in zip(sources, ids, strict=True)]
    for rows in text.windows.batches(lengths):
        source = padded([[*sources[row], END] for row in rows]).to(place)
        target = padded([[BEGIN, *ids[row], END] for row in rows]).to(place)
        yield DecoderSteps(network, source), target


def _text(config: DictConfig) -> MeasuredText:
    at_least("lines", config.lines, 1)
    at_least("joined", config.joined, 1)
    at_least("distance", config.distance, 1)
    windows = instantiate(config.windows)
    suffix = instantiate(config.side).select(".de", ".en")
    lines = _read(str(config.input), suffix, config)
    if config.source is None:
        kept = [line for line in lines if line]
        sources = None
    else:
        other = _read(str(config.source), ".de", config)
        names = str(config.input), str(config.source)
        pairs = [pair for pair in parallel(names, lines, other) if all(pair)]
        kept, sources = [line for line, _ in pairs], [line for _, line in pairs]
    if not kept:
        raise CorpusError(f"input={config.input} has no line of text; expected at least one")
    return MeasuredText(kept, sources, windows)


def _read(name: str, suffix: str, config: DictConfig) -> list[str]:
    """Read the first lines, so many of them joined as the user wishes."""
    texts = streams.read(name, suffix, instantiate(config.invalid_text))
    lines = list(map(cleaned, islice(texts, config.lines * config.joined)))
    starts = range(0, len(lines), config.joined)
    return [" ".join(lines[start : start + config.joined]).strip() for start in starts]
