"""`python -m nmt.rerank`: translates, and lets a language model choose among the n best.

The weights are tuned on the validation set of the run's training, or on `source=` and `target=`.
"""

import sys

from omegaconf import DictConfig

from nmt.config.arguments import folders, several
from nmt.config.command_line import run
from nmt.inspection.model_folder import inspect_all


def rerank(config: DictConfig) -> None:
    """Translate line by line as nmt.translate does; each line gets its highest-ranked candidate."""
    inspect_all(folders(config.run), ("model",), config.trust)
    inspect_all(several(config.language_run), ("language_model",), config.trust)
    # Imported after that look, as it imports torch.
    from nmt.commands import rerank as work

    work.rerank(config)


if __name__ == "__main__":
    sys.exit(run("rerank", rerank, ("input",)))
