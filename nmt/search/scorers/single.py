"""Next-piece scores of one model."""

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
    """The state of one model.

    Attributes:
        memory: one row for each sentence, however many hypotheses it has.
        recurrent: the decoder's state, one row for each hypothesis.
    """

    memory: Memory
    recurrent: Any


@dataclass(frozen=True)
class SingleModel:
    """Encodes once for each sentence, and decodes step by step, without gradients.

    Attributes:
        model: in evaluation mode.
    """

    model: TranslationModel

    @torch.inference_mode()
    def start(self, source: Int[Tensor, "batch source"]) -> SingleModelState:
        """Encode the sentences."""
        memory = self.model.encode(source)
        return SingleModelState(memory, self.model.start(memory))

    def choices(self, state: SingleModelState) -> None:
        """Return None, as there is a column for each piece."""
        return None

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: SingleModelState
    ) -> tuple[Float[Tensor, "rows choices"], SingleModelState]:
        """Append a piece to each row; return the logits of the next one, and the state."""
        readouts, recurrent = self.model.step(ids, state.recurrent, state.memory)
        return self.model.logits(readouts).float(), replace(state, recurrent=recurrent)

    @torch.inference_mode()
    def reorder(self, state: SingleModelState, rows: Int[Tensor, " kept"]) -> SingleModelState:
        """Select rows of the recurrent state; memory belongs to sentences."""
        return replace(state, recurrent=tree.select(state.recurrent, rows))

    @torch.inference_mode()
    def keep(
        self, state: SingleModelState, sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]
    ) -> SingleModelState:
        """Select sentences of the memory, and rows."""
        memory = state.memory
        left = Memory(
            values=memory.values[sentences],
            mask=memory.mask[sentences],
            final=tree.select(memory.final, sentences),
            keys=None if memory.keys is None else memory.keys[sentences],
        )
        return SingleModelState(left, tree.select(state.recurrent, rows))
