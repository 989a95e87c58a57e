"""`python -m nmt.export`: writes a trained model as ONNX graphs, for machines without torch."""

import logging
import sys
from pathlib import Path

from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.inspection import lexicon
from nmt.inspection.model_folder import inspect
from nmt.runtime.errors import MissingExtraError

log = logging.getLogger(__name__)


def export(config: DictConfig) -> None:
    """Write run=FOLDER as ONNX graphs into output=FOLDER, for nmt.translate engine=onnxruntime."""
    source, output = Path(str(config.run)), Path(str(config.output))
    inspected = inspect(source, ("model",), config.trust)
    # Imported only now, as they import torch.
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(str(error.name), "onnx") from error
    from nmt.config.instantiate import instantiate
    from nmt.inference.export import folder
    from nmt.inference.export.trace import trace
    from nmt.models.saved.translation_model import SavedTranslationModel
    from nmt.runtime.device import choose

    folder.check_free(output)
    numbers = instantiate(config.number_format)
    saved = SavedTranslationModel.load(inspected, choose("cpu"))
    description = {"numbers": type(numbers).__name__}
    lexicon_data = saved.lexicon().to_bytes() if (source / lexicon.NAME).exists() else None
    graphs = folder.graph_files(trace(saved.model), saved.model.target_pieces, numbers)
    folder.write(output, graphs, saved.tokenizers, description, lexicon_data)
    log.info("wrote %s; translate with: nmt.translate engine=onnxruntime run=%s", output, output)


if __name__ == "__main__":
    sys.exit(run("export", export))
