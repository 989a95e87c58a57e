"""PyTorch, which knows all models that there are."""

from dataclasses import dataclass

from omegaconf import DictConfig

from nmt import allocator
from nmt.engines.engine import Lines
from nmt.given import folders
from nmt.instantiation import instantiate
from nmt.strangers.folder import inspect_all
from nmt.windows import Windows


@dataclass(frozen=True)
class PyTorch:
    """Runs trained models as they are, on any device."""

    def load(self, config: DictConfig, windows: Windows) -> Lines:
        """Load `config.run`, on `config.device`, with a language model where one is named.

        Raises:
            NmtError: if a model is not there or not allowed, or the device is not there.
        """
        inspect_all(folders(config.run), ("model",), config.trust)
        if isinstance(config.fusion.run, str):
            inspect_all([config.fusion.run], ("language_model",), config.trust)
        # Imported after that look, as they import torch.
        from nmt import device
        from nmt.assembly import Assembly
        from nmt.translator import Translator

        allocator.keep_blocks()
        device.use_threads(config.threads)
        translator = Translator.load(
            folders(config.run),
            search=instantiate(config.search),
            long_lines=instantiate(config.long_lines),
            windows=windows,
            device=config.device,
            trust=config.trust,
            assembly=Assembly.of(config),
        )
        return translator.shared(config.workers, config.threads)
