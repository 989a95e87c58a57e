"""`python -m nmt.plot PLOT`: draw a figure into a .png or .svg file."""

import logging
import sys
from pathlib import Path

from omegaconf import DictConfig, ListConfig

from nmt.analysis.plots.file_formats import check_format
from nmt.config import arguments
from nmt.config.command_line import run
from nmt.inspection.model_folder import inspect
from nmt.runtime.errors import ConfigurationError

log = logging.getLogger(__name__)


def plot(config: DictConfig) -> None:
    """Draw the plot that the first argument names."""
    if config.output is not None:
        check_format(Path(config.output))
    model = None
    if "_partial_" in config.plot:
        if isinstance(config.input, ListConfig):
            raise ConfigurationError(f"input={config.input}: expected one sentence")
        model = inspect(arguments.folder(config.run), ("model",), config.trust)
    # Imported only now, as they import torch, and matplotlib, which is optional.
    from nmt.analysis.plots.plot import save
    from nmt.config.instantiate import instantiate

    draw = instantiate(config.plot)
    if model is not None:
        draw = draw(model=model)
    path = Path(config.output or f"{draw.name}.png")
    save(draw(), path)
    log.info("wrote %s", path)


if __name__ == "__main__":
    sys.exit(run("plot", plot, ("plot", "input...")))
