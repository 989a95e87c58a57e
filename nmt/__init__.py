"""Recurrent neural machine translation that trains and translates on a laptop's CPU.

From Python, beside the commands of `python -m nmt --help`:

===================  =========================================================================
`Translator`         loads trained models; `translate` and `stream` translate lines
`LanguageModel`      loads a trained language model; `score` and `generate` lines
`train`, `evaluate`  commands as functions: `nmt.train("data=files", "run=runs/a")`
`NmtError`           is raised by all of them if a file, a model or a value is wrong
===================  =========================================================================

The axes of all tensors, as the shape annotations of this package name them:

==============  ==============================================================================
batch           sentences of a batch, or of a window of sentences translated at once
rows            sentences, or in a search the hypotheses of all sentences, sentence by sentence
source          positions of the source sentence
target          positions of the target sentence; in a search the hypotheses of one sentence
positions       positions of any sequence
input, output   features that enter and leave a layer
hidden          features of one vector of a recurrent state
projected       features of a cell's projected input (the gates, side by side)
value, key      features of what attention averages, and of what queries are compared with
query, context  features of the vector that queries attention, and of attention's result
readout         features from which the logits of the next piece are computed
choices         pieces that a search chooses from
==============  ==============================================================================
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nmt.runtime.openmp import limit_spinning

if TYPE_CHECKING:
    from pathlib import Path

    from nmt.inference.language_model import LanguageModel
    from nmt.inference.translator import Translator
    from nmt.runtime.errors import NmtError

    def evaluate(*arguments: str) -> dict[str, Any]:
        """Run the module `nmt.evaluate`."""

    def train(*arguments: str) -> Path:
        """Run the module `nmt.train`."""


limit_spinning(os.environ)  # Here, as each module of this package that imports torch comes later.

__version__ = "0.1.0"

__all__ = ["LanguageModel", "NmtError", "Translator", "evaluate", "train"]

_MODULES = {
    "LanguageModel": "nmt.inference.language_model",
    "NmtError": "nmt.runtime.errors",
    "Translator": "nmt.inference.translator",
    "evaluate": "nmt.evaluate",
    "train": "nmt.train",
}
"""Where public names are defined; the two commands are modules, which can be called."""


def __getattr__(name: str) -> object:
    """Import a public name when it is needed, so that `import nmt` takes no time."""
    if name not in _MODULES:
        raise AttributeError(f"module 'nmt' has no attribute {name!r}")
    module = import_module(_MODULES[name])
    return module if module.__name__ == f"nmt.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    """Return the public names, whether imported yet or not."""
    return ["__version__", *__all__]
