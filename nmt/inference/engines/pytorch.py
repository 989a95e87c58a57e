"""PyTorch, which runs every trained model on any device."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nmt.config.instantiate import instantiate
from nmt.inference.engines.engine import EngineOptions
from nmt.inspection.model_folder import InspectedModel, inspect, inspect_all
from nmt.runtime import allocator

if TYPE_CHECKING:
    from nmt.inference.translator import Translator


@dataclass(frozen=True)
class TorchEngine:
    """Runs trained models, an ensemble, or a fusion with a language model."""

    def inspect(self, options: EngineOptions) -> "Callable[[], Translator]":
        """Inspect the models, and return what loads them.

        Raises:
            NmtError: if a model does not exist or must not be used.
        """
        models = inspect_all(options.runs, ("model",), options.trust)
        run, language_model = options.fusion["run"], None
        if isinstance(run, str):
            language_model = inspect(Path(run), ("language_model",), options.trust)
        return partial(_load, options, models, language_model)


def _load(
    options: EngineOptions, models: list[InspectedModel], language_model: InspectedModel | None
) -> "Translator":
    # Imported only after the inspection, as they import torch.
    from nmt.inference.scorer_options import ScorerOptions
    from nmt.inference.translator import Translator
    from nmt.runtime import device

    allocator.keep_freed_blocks()
    device.set_threads(options.threads)
    fusion = instantiate(options.fusion)
    translator = Translator.of(
        models,
        search=instantiate(options.search),
        sentences=options.sentences,
        long_lines=options.long_lines,
        windows=options.windows,
        device=options.device,
        options=ScorerOptions(
            instantiate(options.precision), instantiate(options.shortlist), fusion, language_model
        ),
    )
    return translator.shared(options.workers, options.threads)
