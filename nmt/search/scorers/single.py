"""One model's opinion of the next piece."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.models import tree
from nmt.models.memory import Memory
from nmt.models.translation_model import TranslationModel


@dataclass(frozen=True)
class SingleModelState:
    """What one model carries.

    Attributes:
        memory: one row a sentence, whatever the number of its hypotheses.
        recurrent: the decoder's state, one row a hypothesis.
    """

    memory: Memory
    recurrent: Any


@dataclass(frozen=True)
class SingleModel:
    """Asks one model, which should be at rest (`eval`); no gradients are kept.

    Attributes:
        model: encodes once a sentence, decodes step by step.
    """

    model: TranslationModel

    @torch.inference_mode()
    def start(self, source: Int[Tensor, "batch source"]) -> SingleModelState:
        """Encode the sentences."""
        memory = self.model.encode(source)
        return SingleModelState(memory, self.model.start(memory))

    def choices(self, state: SingleModelState) -> None:
        """Say that there is a column for each piece."""
        return None

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: SingleModelState
    ) -> tuple[Float[Tensor, "rows choices"], SingleModelState]:
        """Take in one piece a row and give the next one's logits."""
        readouts, recurrent = self.model.step(ids, state.recurrent, state.memory)
        return self.model.logits(readouts).float(), replace(state, recurrent=recurrent)

    @torch.inference_mode()
    def reorder(self, state: SingleModelState, rows: Int[Tensor, " kept"]) -> SingleModelState:
        """Take the recurrent state's rows; memory stays where it is."""
        return replace(state, recurrent=tree.select(state.recurrent, rows))

    @torch.inference_mode()
    def keep(
        self, state: SingleModelState, sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]
    ) -> SingleModelState:
        """Drop the memory of the other sentences."""
        memory = state.memory
        left = Memory(
            values=memory.values[sentences],
            mask=memory.mask[sentences],
            final=tree.select(memory.final, sentences),
            keys=None if memory.keys is None else memory.keys[sentences],
        )
        return SingleModelState(left, tree.select(state.recurrent, rows))
