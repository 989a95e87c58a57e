"""Writes translations piece by piece and never looks back: what greedy search and sampling do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from nmt.data.special_ids import BEGIN
from nmt.search.hypothesis import Hypothesis
from nmt.search.search import Scorer
from nmt.search.top_k import allowed

Choose = Callable[[Float[Tensor, "rows choices"], Int[Tensor, " rows"], int], Int[Tensor, " rows"]]
"""Gives each row's column, of log-probabilities (END is column 0), the rows' numbers, the place."""


@dataclass(frozen=True)
class ActiveRows:
    """The translations that are being written.

    Attributes:
        numbers: which of all rows they are; row n belongs to sentence n // width.
        limits: how many pieces each may have.
        written: their pieces, BEGIN first.
        totals: their log-probabilities so far, of those that are running.
        running: false where END was written; the row waits for the others of its sentence.
    """

    numbers: Int[Tensor, " rows"]
    limits: Int[Tensor, " rows"]
    written: Int[Tensor, "rows places"]
    totals: Float[Tensor, " rows"]
    running: Bool[Tensor, " rows"]

    def select(self, kept: Int[Tensor, " kept"]) -> "ActiveRows":
        """Go on with the rows at `kept`."""
        return ActiveRows(
            self.numbers[kept],
            self.limits[kept],
            self.written[kept],
            self.totals[kept],
            self.running[kept],
        )

    def ended(self, columns: Int[Tensor, " rows"]) -> list[tuple[int, Hypothesis]]:
        """Give those that end now, where the column is that of END, with their numbers."""
        found = []
        for row in (self.running & (columns == 0)).nonzero().squeeze(1).tolist():
            total = float(self.totals[row])
            ids = tuple(self.written[row, 1:].tolist())
            found.append((int(self.numbers[row]), Hypothesis(ids, total, total)))
        return found


def search_stepwise(
    scorer: Scorer,
    source: Int[Tensor, "batch source"],
    width: int,
    limits: Int[Tensor, " batch"],
    choose: Choose,
) -> list[list[Hypothesis]]:
    """Write `width` translations of each sentence; the score is the log-probability.

    They come as they ended, not as they rank. A sentence leaves the batch when all its rows have
    ended; rows are numbered sentence by sentence and keep their numbers.
    """
    rows = _start(limits.repeat_interleave(width))
    state = scorer.reorder(scorer.start(source), rows.numbers // width)
    results: list[list[Hypothesis]] = [[] for _ in range(len(source))]
    while len(rows.numbers):
        logits, state = scorer.step(rows.written[:, -1], state)
        following, ids = allowed(logits.log_softmax(dim=1), scorer.choices(state))
        place = rows.written.shape[1] - 1
        columns = choose(following, rows.numbers, place).masked_fill(rows.limits <= place, 0)
        chosen = following.gather(1, columns.unsqueeze(1)).squeeze(1)
        rows = replace(rows, totals=rows.totals + chosen)
        for number, hypothesis in rows.ended(columns):
            results[number // width].append(hypothesis)
        rows = replace(
            rows,
            written=torch.cat([rows.written, ids[columns].unsqueeze(1)], dim=1),
            running=rows.running & (columns != 0),
        )
        rows, state = _drop_finished(scorer, rows, state, width)
    return results


def _start(limits: Int[Tensor, " rows"]) -> ActiveRows:
    return ActiveRows(
        numbers=torch.arange(len(limits), device=limits.device),
        limits=limits,
        written=torch.full_like(limits, BEGIN).unsqueeze(1),
        totals=torch.zeros_like(limits, dtype=torch.float64),
        running=torch.ones_like(limits, dtype=torch.bool),
    )


def _drop_finished(
    scorer: Scorer, rows: ActiveRows, state: Any, width: int
) -> tuple[ActiveRows, Any]:
    left = rows.running.view(-1, width).any(dim=1)
    if bool(left.all()):
        return rows, state
    kept = left.repeat_interleave(width).nonzero().squeeze(1)
    if not len(kept):
        return rows.select(kept), None
    return rows.select(kept), scorer.keep(state, left.nonzero().squeeze(1), kept)
