"""The contract between a search and its scorer."""

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor

from nmt.search.hypothesis import Hypothesis


@runtime_checkable
class Scorer(Protocol):
    """Next-piece scores, of one model, an ensemble or a fusion.

    A state holds, for each sentence, what all its hypotheses share, and for each row (sentence by
    sentence, all hypotheses of each) what they do not. `start` returns one row for each sentence.
    """

    def start(self, source: Int[Tensor, "batch source"]) -> Any:
        """Encode sentences, padded with PADDING; return the state before the first piece."""
        ...

    def choices(self, state: Any) -> Int[Tensor, " choices"] | None:
        """Return the ids of the columns of `step`, ascending and END among them.

        None if there is a column for each id of the vocabulary.
        """
        ...

    def step(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows choices"], Any]:
        """Append a piece to each row; return the logits of the next one (float32) and the state.

        The logits need not be normalized.
        """
        ...

    def reorder(self, state: Any, rows: Int[Tensor, " kept"]) -> Any:
        """Select rows, as many for each sentence; all sentences stay."""
        ...

    def keep(self, state: Any, sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]) -> Any:
        """Select sentences, and rows of these.

        As in `reorder`, a row may be selected more than once, or not at all.
        """
        ...


@runtime_checkable
class Search(Protocol):
    """Finds good translations; a frozen dataclass of a few numbers that is called.

    No search writes PADDING, UNKNOWN or BEGIN; log-probabilities are still those of the whole
    softmax. A sentence's hypotheses do not depend on the other sentences of the batch.
    """

    def __call__(
        self, scorer: Scorer, source: Int[Tensor, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Return the hypotheses of each sentence, best first, at least one.

        Raises:
            ModelError: if the model's log-probabilities are not finite.
        """
        ...
