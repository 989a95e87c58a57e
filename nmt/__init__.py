"""Recurrent neural machine translation that trains and translates on a laptop's CPU.

The axes of all tensors, as the shape annotations of this package name them:

==============  ==============================================================================
batch           sentences of a batch, or of a window of sentences that is translated at once
rows            sentences, or in a search the hypotheses of all sentences, sentence by sentence
source          places of the source sentence
target          places of the target sentence; in a search the hypotheses of one sentence
places          places of any sequence
input, output   features that enter and leave a part
hidden          features of one vector of a recurrent state
projected       features of a cell's projected input (the gates, side by side)
value, key      features of what attention averages, and of what it compares queries with
query, context  features of what asks, and of what attention answers
readout         features from which the logits of the next piece are computed
choices         pieces that a search chooses from
==============  ==============================================================================
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nmt.inference.translator import Translator

__all__ = ["Translator"]


def __getattr__(name: str) -> object:
    """Import `Translator` when asked for, so that `import nmt` costs nothing."""
    if name == "Translator":
        from nmt.inference.translator import Translator

        return Translator
    raise AttributeError(f"module 'nmt' has no attribute {name!r}")
