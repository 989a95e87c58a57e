"""`python -m nmt.gradients`: how far back a loss is heard, by the exact norms of its gradients.

`run=[runs/a,runs/b]` measures trained models, `fresh=[elman,lstm]` language models of these cells
as training begins with them. A table and a picture are written; `nmt.analysis.gradients.flow`
says what the
numbers are.
"""

import sys

from omegaconf import DictConfig

from nmt.config.arguments import several
from nmt.config.command_line import run
from nmt.inspection.model_folder import ANY, inspect_all


def gradients(config: DictConfig) -> None:
    """Measure all models on the same text; the picture shows them over each other."""
    inspect_all(several(config.run), ANY, config.trust)
    # Imported after that look, as it imports torch.
    from nmt.commands import gradients as work

    work.gradients(config)


if __name__ == "__main__":
    sys.exit(run("gradients", gradients, ("input",)))
