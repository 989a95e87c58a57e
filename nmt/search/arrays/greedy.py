"""Takes the most probable next piece, again and again, of all sentences at once."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from nmt.data.special_ids import BEGIN, END
from nmt.search.arrays.scorer import ArrayScorer, limits
from nmt.search.checks import check_length
from nmt.search.hypothesis import Hypothesis

CROWDED = 0.85
"""Share of rows still written below which the others are dropped: each time costs a copy."""


@dataclass(frozen=True)
class Greedy:
    """Gives one hypothesis a sentence, that of `nmt.search.greedy`.

    Attributes:
        length_factor: pieces that a translation may have for each piece of the source.
        length_extra: pieces that it may have above that.
    """

    length_factor: float
    length_extra: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        check_length(self.length_factor, self.length_extra)

    def __call__(
        self, scorer: ArrayScorer, source: Int[np.ndarray, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Give each sentence's one hypothesis; its score is its log-probability."""
        most = limits(source, self.length_factor, self.length_extra)
        written: list[np.ndarray] = []
        totals = np.zeros(len(source))
        rows, state = np.arange(len(source)), scorer.start(source)
        newest = np.full(len(source), BEGIN, dtype=np.int64)
        for place in range(int(most.max()) + 1):
            best, state = scorer.step(newest, state, 1)
            full = most[rows] <= place
            newest = np.where(full, END, best.ids[:, 0])
            logits = np.where(full, best.end, best.logits[:, 0])
            running = written[-1][rows] != END if place else np.full(len(rows), True)
            totals[rows[running]] += (logits.astype(float) - best.normalizer)[running]
            written.append(np.full(len(source), END))
            written[-1][rows[running]] = newest[running]
            running &= newest != END
            if running.mean() < CROWDED:
                left = running.nonzero()[0]
                if not len(left):
                    break
                rows, newest, state = rows[left], newest[left], scorer.keep(state, left, left)
        ids = np.stack(written, axis=1).tolist()
        return [[_hypothesis(*one)] for one in zip(ids, totals.tolist(), strict=True)]


def _hypothesis(ids: list[int], total: float) -> Hypothesis:
    return Hypothesis(tuple(ids[: ids.index(END)]), total, total)
