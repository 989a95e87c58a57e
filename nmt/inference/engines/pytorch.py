"""PyTorch, which knows all models that there are."""

from dataclasses import dataclass

from omegaconf import DictConfig

from nmt.config.arguments import folders
from nmt.config.instantiate import instantiate
from nmt.data.windows import LineWindows
from nmt.inference.engines.engine import StreamTranslator
from nmt.inspection.model_folder import inspect_all
from nmt.runtime import allocator


@dataclass(frozen=True)
class TorchEngine:
    """Runs trained models as they are, on any device."""

    def load(self, config: DictConfig, windows: LineWindows) -> StreamTranslator:
        """Load `config.run`, on `config.device`, with a language model where one is named.

        Raises:
            NmtError: if a model is not there or not allowed, or the device is not there.
        """
        inspect_all(folders(config.run), ("model",), config.trust)
        if isinstance(config.fusion.run, str):
            inspect_all([config.fusion.run], ("language_model",), config.trust)
        # Imported after that look, as they import torch.
        from nmt.inference.scorer_options import ScorerOptions
        from nmt.inference.translator import Translator
        from nmt.runtime import device

        allocator.keep_freed_blocks()
        device.set_threads(config.threads)
        translator = Translator.load(
            folders(config.run),
            search=instantiate(config.search),
            long_lines=instantiate(config.long_lines),
            windows=windows,
            device=config.device,
            trust=config.trust,
            assembly=ScorerOptions.of(config),
        )
        return translator.shared(config.workers, config.threads)
