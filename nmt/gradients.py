"""`python -m nmt.gradients`: how far back a loss is heard, by the exact norms of its gradients.

`run=[runs/a,runs/b]` measures trained models, `fresh=[elman,lstm]` language models of these cells
as training begins with them. A table and a picture are written; `nmt.gradient_flow` says what the
numbers are.
"""

import sys

from omegaconf import DictConfig

from nmt.command_line import run
from nmt.given import several
from nmt.strangers.folder import ANY, inspect_all


def gradients(config: DictConfig) -> None:
    """Measure all models on the same text; the picture shows them over each other."""
    inspect_all(several(config.run), ANY, config.trust)
    # Imported after that look, as it imports torch.
    from nmt.commands import gradients as work

    work.gradients(config)


if __name__ == "__main__":
    sys.exit(run("gradients", gradients))
