"""The contract between a search and the scorer that it asks, and what every search returns."""

from dataclasses import dataclass
from typing import Any, Protocol

from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Hypothesis:
    """One translation of one sentence.

    Attributes:
        ids: its pieces, without BEGIN and END.
        log_probability: natural logarithm of the probability of its pieces, END included (where
            the length limit ended it: without END).
        score: what the search ranked it by; higher is better.
    """

    ids: tuple[int, ...]
    log_probability: float
    score: float


class Scorer(Protocol):
    """One step of one model, an ensemble, a fusion: all that a search knows of networks.

    A state holds, for each sentence, what is the same for all its hypotheses, and for each row
    (sentence by sentence, all its hypotheses) what is not. `start` gives one row a sentence.
    """

    def start(self, source: Int[Tensor, "batch source"]) -> Any:
        """Encode the sentences (padded with PADDING) and give the state before the first piece."""
        ...

    def choices(self, state: Any) -> Int[Tensor, " choices"] | None:
        """Give the ids of the columns of `step`; None where a column's number is the id."""
        ...

    def step(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows choices"], Any]:
        """Give each row's logits (float32, not necessarily normalised) after its newest piece."""
        ...

    def reorder(self, state: Any, rows: Int[Tensor, " kept"]) -> Any:
        """Take the rows at `rows`; the sentences stay, so there are as many rows for each."""
        ...

    def keep(self, state: Any, sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]) -> Any:
        """Go on with these sentences and these rows only."""
        ...


class Search(Protocol):
    """Finds good translations; a frozen dataclass of a few numbers that is called."""

    def __call__(
        self, scorer: Scorer, source: Int[Tensor, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Give each sentence's hypotheses, best first, at least one."""
        ...
