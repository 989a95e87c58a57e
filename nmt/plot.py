"""`python -m nmt.plot PLOT`: draw a figure into a .png or .svg file."""

import logging
import sys
from pathlib import Path

from omegaconf import DictConfig, ListConfig

from nmt.analysis.plots.file_formats import check_format
from nmt.config.command_line import run
from nmt.inspection.model_folder import inspect
from nmt.runtime.errors import ConfigurationError

log = logging.getLogger(__name__)


def plot(config: DictConfig) -> None:
    """Draw the picture that the first word names."""
    if config.output is not None:
        check_format(Path(config.output))
    model = None
    if "_partial_" in config.plot:
        if isinstance(config.input, ListConfig):
            raise ConfigurationError(f"input={config.input}: expected one sentence")
        model = inspect(Path(str(config.run)), ("model",), config.trust)
    # Imported after that look, as they import matplotlib, which not everybody has, and torch.
    from nmt.analysis.plots.plot import save
    from nmt.config.instantiate import instantiate

    picture = instantiate(config.plot)
    if model is not None:
        picture = picture(model=model)
    path = Path(config.output or f"{picture.name}.png")
    save(picture(), path)
    log.info("wrote %s", path)


if __name__ == "__main__":
    sys.exit(run("plot", plot, ("plot", "input...")))
