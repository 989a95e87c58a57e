"""The contract between a search and the scorer that it asks."""

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor

from nmt.search.hypothesis import Hypothesis


@runtime_checkable
class Scorer(Protocol):
    """One step of one model, an ensemble, a fusion: all that a search knows of networks.

    A state holds, for each sentence, what is the same for all its hypotheses, and for each row
    (sentence by sentence, all its hypotheses) what is not. `start` gives one row a sentence.
    """

    def start(self, source: Int[Tensor, "batch source"]) -> Any:
        """Encode the sentences (padded with PADDING) and give the state before the first piece."""
        ...

    def choices(self, state: Any) -> Int[Tensor, " choices"] | None:
        """Give the ids of the columns of `step`, ascending and END among them.

        None where there is a column for each id of the vocabulary.
        """
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
        """Go on with these sentences only, and with the rows at `rows`, which are theirs.

        As in `reorder`, a row may be taken more than once, or not at all.
        """
        ...


@runtime_checkable
class Search(Protocol):
    """Finds good translations; a frozen dataclass of a few numbers that is called.

    No search writes PADDING, UNKNOWN or BEGIN; log-probabilities are those of the whole softmax
    all the same. What a sentence gets does not depend on the other sentences of the batch.
    """

    def __call__(
        self, scorer: Scorer, source: Int[Tensor, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Give each sentence's hypotheses, best first, at least one."""
        ...
