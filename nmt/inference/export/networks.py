"""The two halves of a translation model as graphs need them: from flat tensors to flat tensors."""

from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, nn

from nmt.models import tree
from nmt.models.memory import Memory
from nmt.models.translation_model import TranslationModel


class EncoderGraph(nn.Module):
    """Computes the tensors of a memory, then those of the decoder's state before the first piece.

    Args:
        model: in evaluation mode.
    """

    def __init__(self, model: TranslationModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, source: Int[Tensor, "batch source"]) -> tuple[Tensor, ...]:
        """Encode sentences that end with END and are padded with PADDING."""
        memory = self.model.encode(source)
        return (*_tensors(memory), *tree.leaves(self.model.start(memory)))


class StepGraph(nn.Module):
    """Computes the logits after one more piece of each hypothesis, then the tensors of the state.

    The rows of a search are two axes here, sentences and their hypotheses, as a graph cannot
    express that the number of rows is a multiple of that of the sentences.

    Args:
        model: in evaluation mode.
        structures: of the memory and the state, whose tensors `forward` takes one by one.
    """

    def __init__(self, model: TranslationModel, structures: "GraphStructures") -> None:
        super().__init__()
        self.model = model
        self.structures = structures

    def forward(self, ids: Int[Tensor, "batch target"], *tensors: Tensor) -> tuple[Tensor, ...]:
        """Append a piece to each hypothesis; the state's tensors are `[batch, target, …]`."""
        count = len(tensors) - len(self.structures.state_names)
        memory = self.structures.memory(tensors[:count])
        rows = [part.flatten(0, 1) for part in tensors[count:]]
        state = tree.unflatten(rows, self.structures.state)
        readouts, state = self.model.step(ids.flatten(), state, memory)
        logits = self.model.logits(readouts)
        batch, width = ids.shape
        after = (part.unflatten(0, (batch, width)) for part in tree.leaves(state))
        return (logits, *after)


class GraphStructures:
    """The structures of a model's memories and states, and names for their tensors.

    Args:
        memory: any of the model.
        state: any of its decoder.
    """

    def __init__(self, memory: Memory, state: Any) -> None:
        self.final = tree.structure(memory.final)
        self.keys = memory.keys is not None
        self.state = tree.structure(state)
        names = ["values", "mask", *(["keys"] if self.keys else [])]
        self.memory_names = names + [f"final_{n}" for n in range(len(tree.leaves(self.final)))]
        self.state_names = [f"state_{n}" for n in range(len(tree.leaves(self.state)))]

    def memory(self, tensors: tuple[Tensor, ...]) -> Memory:
        """Return the memory of these tensors, which are in the order of `EncoderGraph`."""
        values, mask, *others = tensors
        keys = others.pop(0) if self.keys else None
        return Memory(values, mask, tree.unflatten(others, self.final), keys)


def _tensors(memory: Memory) -> list[Tensor]:
    keys = [] if memory.keys is None else [memory.keys]
    return [memory.values, memory.mask, *keys, *tree.leaves(memory.final)]


@torch.no_grad()
def examples(model: TranslationModel, source: Tensor) -> tuple[GraphStructures, tuple[Tensor, ...]]:
    """Return the structures of a model, and inputs of `StepGraph`: two hypotheses per sentence."""
    memory = model.encode(source)
    state = model.start(memory)
    ids = source[:, :1].expand(-1, 2).contiguous()
    rows = [part.unsqueeze(1).repeat(1, 2, 1) for part in tree.leaves(state)]
    return GraphStructures(memory, state), (ids, *_tensors(memory), *rows)
