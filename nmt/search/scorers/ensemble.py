"""Several models that write one translation together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.runtime.errors import ModelError
from nmt.search.search import Scorer


@dataclass(frozen=True)
class Ensemble:
    """Averages the members' log-probabilities: the geometric mean of what they believe.

    Source: Sutskever, Vinyals, Le (2014), "Sequence to Sequence Learning with Neural Networks",
    ensembles by averaging predictions; geometric, as in Junczys-Dowmunt, Dwojak, Sennrich (2016),
    "The AMU-UEDIN Submission to the WMT16 News Translation Task", section 3.2.

    Attributes:
        members: scorers whose columns mean the same pieces; a state is the tuple of theirs.

    Raises:
        ModelError: if there are none, or, when asked, if their columns differ.
    """

    members: Sequence[Scorer]

    def __post_init__(self) -> None:
        """Refuse an ensemble of nobody."""
        if not self.members:
            raise ModelError("an ensemble needs at least one model, none was given")

    def start(self, source: Int[Tensor, "batch source"]) -> tuple[Any, ...]:
        """Let each member encode the sentences."""
        return tuple(member.start(source) for member in self.members)

    def choices(self, state: tuple[Any, ...]) -> Int[Tensor, " choices"] | None:
        """Give the first member's choices, which must be all members'."""
        first, *others = (
            member.choices(its) for member, its in zip(self.members, state, strict=True)
        )
        for other in others:
            same = first is other if first is None or other is None else first.equal(other)
            if not same:
                raise ModelError("the models of an ensemble choose from different pieces")
        return first

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: tuple[Any, ...]
    ) -> tuple[Float[Tensor, "rows choices"], tuple[Any, ...]]:
        """Give the mean of the log-probabilities; they do not sum to 1 exactly."""
        answers, states = [], []
        for member, its in zip(self.members, state, strict=True):
            logits, moved = member.step(ids, its)
            answers.append(logits.log_softmax(dim=1))
            states.append(moved)
        shapes = {tuple(answer.shape) for answer in answers}
        if len(shapes) > 1:
            raise ModelError(
                "the models of an ensemble have vocabularies of different sizes:"
                f" {', '.join(str(answer.shape[1]) for answer in answers)} pieces"
            )
        return torch.stack(answers).mean(dim=0), tuple(states)

    def reorder(self, state: tuple[Any, ...], rows: Int[Tensor, " kept"]) -> tuple[Any, ...]:
        """Let each member move its rows."""
        return tuple(
            member.reorder(its, rows) for member, its in zip(self.members, state, strict=True)
        )

    def keep(
        self, state: tuple[Any, ...], sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]
    ) -> tuple[Any, ...]:
        """Let each member drop what is finished."""
        return tuple(
            member.keep(its, sentences, rows)
            for member, its in zip(self.members, state, strict=True)
        )
