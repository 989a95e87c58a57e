"""The contract between a search over arrays and an engine."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from nmt.data.special_ids import PADDING
from nmt.search.checks import MOST


@dataclass(frozen=True)
class BestPieces:
    """The best next pieces of each row, best first; of equal ones the lower id first.

    PADDING, UNKNOWN and BEGIN are not among them. The engine finds them, so that it need not
    return a number for each piece of the vocabulary.

    Attributes:
        logits: of these pieces.
        ids: of these pieces.
        end: the logit of END.
        normalizer: logarithm of the sum of the exponentials of all logits, which is subtracted
            from a logit to get a log-probability, in nats.
    """

    logits: Float[np.ndarray, "rows best"]
    ids: Int[np.ndarray, "rows best"]
    end: Float[np.ndarray, " rows"]
    normalizer: Float[np.ndarray, " rows"]


@runtime_checkable
class ArrayScorer(Protocol):
    """Next-piece scores; the rows of its states are those of `nmt.search.search.Scorer`."""

    def start(self, source: Int[np.ndarray, "batch source"]) -> Any:
        """Encode sentences, padded with PADDING; return the state before the first piece."""
        ...

    def step(self, ids: Int[np.ndarray, " rows"], state: Any, count: int) -> tuple[BestPieces, Any]:
        """Append a piece to each row; return the `count` best next ones, or all there are."""
        ...

    def reorder(self, state: Any, rows: Int[np.ndarray, " kept"]) -> Any:
        """Select rows, as many for each sentence; all sentences stay."""
        ...

    def keep(
        self, state: Any, sentences: Int[np.ndarray, " left"], rows: Int[np.ndarray, " kept"]
    ) -> Any:
        """Select sentences, and rows of these."""
        ...


def limits(
    source: Int[np.ndarray, "batch source"], factor: float, extra: int
) -> Int[np.ndarray, " batch"]:
    """Return the most pieces of each translation, as `nmt.search.limits.limits` does."""
    pieces = np.asarray((source != PADDING).sum(axis=1), dtype=np.float32)
    allowed = pieces * np.float32(factor) + np.float32(extra)
    return np.clip(allowed, 1, MOST).astype(np.int64)
