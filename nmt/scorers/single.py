"""One model's opinion of the next piece."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt import tree
from nmt.memory import Memory
from nmt.translation_model import TranslationModel


@dataclass(frozen=True)
class SingleState:
    """What one model carries.

    Attributes:
        memory: one row a sentence, whatever the number of its hypotheses.
        recurrent: the decoder's state, one row a hypothesis.
    """

    memory: Memory
    recurrent: Any


@dataclass(frozen=True)
class Single:
    """Asks one model, which should be at rest (`eval`); no gradients are kept.

    Attributes:
        model: encodes once a sentence, decodes step by step.
    """

    model: TranslationModel

    @torch.inference_mode()
    def start(self, source: Int[Tensor, "batch source"]) -> SingleState:
        """Encode the sentences."""
        memory = self.model.encode(source)
        return SingleState(memory, self.model.start(memory))

    def choices(self, state: SingleState) -> None:
        """Say that there is a column for each piece."""
        return None

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: SingleState
    ) -> tuple[Float[Tensor, "rows choices"], SingleState]:
        """Take in one piece a row and give the next one's logits."""
        readouts, recurrent = self.model.step(ids, state.recurrent, state.memory)
        return self.model.logits(readouts).float(), replace(state, recurrent=recurrent)

    @torch.inference_mode()
    def reorder(self, state: SingleState, rows: Int[Tensor, " kept"]) -> SingleState:
        """Take the recurrent state's rows; memory stays where it is."""
        return replace(state, recurrent=tree.select(state.recurrent, rows))

    @torch.inference_mode()
    def keep(
        self, state: SingleState, sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]
    ) -> SingleState:
        """Drop the memory of the other sentences."""
        memory = state.memory
        left = Memory(
            values=memory.values[sentences],
            mask=memory.mask[sentences],
            final=tree.select(memory.final, sentences),
            keys=None if memory.keys is None else memory.keys[sentences],
        )
        return SingleState(left, tree.select(state.recurrent, rows))
