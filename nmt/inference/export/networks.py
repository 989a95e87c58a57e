"""The two halves of a translation model as graphs see them: flat tensors in, flat tensors out."""

from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, nn

from nmt.models import tree
from nmt.models.memory import Memory
from nmt.models.translation_model import TranslationModel


class EncoderGraph(nn.Module):
    """Gives a memory's tensors, then those of the decoder's state before the first piece.

    Args:
        model: at rest.
    """

    def __init__(self, model: TranslationModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, source: Int[Tensor, "batch source"]) -> tuple[Tensor, ...]:
        """Encode sentences that end in END and are padded with PADDING."""
        memory = self.model.encode(source)
        return (*_tensors(memory), *tree.leaves(self.model.start(memory)))


class StepGraph(nn.Module):
    """Gives the logits after one more piece of each hypothesis, then the tensors of the state.

    The rows of a search are here sentences and their hypotheses, two axes, as a graph cannot
    know that the number of rows is a multiple of that of the sentences.

    Args:
        model: at rest.
        forms: of a memory and of a state, whose tensors `forward` is given one after the other.
    """

    def __init__(self, model: TranslationModel, forms: "GraphShapes") -> None:
        super().__init__()
        self.model = model
        self.forms = forms

    def forward(self, ids: Int[Tensor, "batch target"], *tensors: Tensor) -> tuple[Tensor, ...]:
        """Take in one piece of each hypothesis; the state's tensors have its axes before all."""
        count = len(tensors) - len(self.forms.state_names)
        memory = self.forms.memory(tensors[:count])
        rows = [part.flatten(0, 1) for part in tensors[count:]]
        state = tree.unflatten(rows, self.forms.state)
        readouts, state = self.model.step(ids.flatten(), state, memory)
        logits = self.model.logits(readouts)
        batch, width = ids.shape
        moved = (part.unflatten(0, (batch, width)) for part in tree.leaves(state))
        return (logits, *moved)


class GraphShapes:
    """How the tensors of a model's memories and states are made of a row of tensors.

    Args:
        memory: any of the model's.
        state: any of its decoder's.
    """

    def __init__(self, memory: Memory, state: Any) -> None:
        self.final = tree.structure(memory.final)
        self.keys = memory.keys is not None
        self.state = tree.structure(state)
        names = ["values", "mask", *(["keys"] if self.keys else [])]
        self.memory_names = names + [f"final_{n}" for n in range(len(tree.leaves(self.final)))]
        self.state_names = [f"state_{n}" for n in range(len(tree.leaves(self.state)))]

    def memory(self, tensors: tuple[Tensor, ...]) -> Memory:
        """Give the memory of these tensors, in the order of `EncoderGraph`."""
        values, mask, *others = tensors
        keys = others.pop(0) if self.keys else None
        return Memory(values, mask, tree.unflatten(others, self.final), keys)


def _tensors(memory: Memory) -> list[Tensor]:
    keys = [] if memory.keys is None else [memory.keys]
    return [memory.values, memory.mask, *keys, *tree.leaves(memory.final)]


@torch.no_grad()
def examples(model: TranslationModel, source: Tensor) -> tuple[GraphShapes, tuple[Tensor, ...]]:
    """Give the forms of a model, and what `StepGraph` may be tried on: two hypotheses a
    sentence."""
    memory = model.encode(source)
    state = model.start(memory)
    ids = source[:, :1].expand(-1, 2).contiguous()
    rows = [part.unsqueeze(1).repeat(1, 2, 1) for part in tree.leaves(state)]
    return GraphShapes(memory, state), (ids, *_tensors(memory), *rows)
