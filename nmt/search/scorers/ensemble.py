"""Several models that translate together."""

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
    """Averages the members' log-probabilities, which is the geometric mean of probabilities.

    Source: Sutskever, Vinyals, Le (2014), "Sequence to Sequence Learning with Neural Networks",
    ensembles by averaging predictions; geometric, as in Junczys-Dowmunt, Dwojak, Sennrich (2016),
    "The AMU-UEDIN Submission to the WMT16 News Translation Task", section 3.2.

    Attributes:
        members: scorers whose columns mean the same pieces; a state is the tuple of theirs.

    Raises:
        ModelError: if there are none, or, when stepped, if their columns differ.
    """

    members: Sequence[Scorer]

    def __post_init__(self) -> None:
        """Check that there is a member."""
        if not self.members:
            raise ModelError("an ensemble of 0 models; expected at least one")

    def start(self, source: Int[Tensor, "batch source"]) -> tuple[Any, ...]:
        """Encode the sentences with each member."""
        return tuple(member.start(source) for member in self.members)

    def choices(self, state: tuple[Any, ...]) -> Int[Tensor, " choices"] | None:
        """Return the choices of the first member, which must be those of all."""
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
        """Return the mean of the members' log-probabilities; it is not normalized."""
        log_probabilities, states = [], []
        for member, its in zip(self.members, state, strict=True):
            logits, after = member.step(ids, its)
            log_probabilities.append(logits.log_softmax(dim=1))
            states.append(after)
        sizes = [each.shape[1] for each in log_probabilities]
        if len(set(sizes)) > 1:
            raise ModelError(
                "the models of an ensemble have vocabularies of different sizes:"
                f" {', '.join(map(str, sizes))} pieces"
            )
        return torch.stack(log_probabilities).mean(dim=0), tuple(states)

    def reorder(self, state: tuple[Any, ...], rows: Int[Tensor, " kept"]) -> tuple[Any, ...]:
        """Select rows of each member's state."""
        return tuple(
            member.reorder(its, rows) for member, its in zip(self.members, state, strict=True)
        )

    def keep(
        self, state: tuple[Any, ...], sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]
    ) -> tuple[Any, ...]:
        """Select sentences and rows of each member's state."""
        return tuple(
            member.keep(its, sentences, rows)
            for member, its in zip(self.members, state, strict=True)
        )
