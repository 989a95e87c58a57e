"""Search without lookahead or backtracking, as greedy search and sampling do it."""

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

ChooseColumns = Callable[
    [Float[Tensor, "rows choices"], Int[Tensor, " rows"], int], Int[Tensor, " rows"]
]
"""Returns a column for each row, from log-probabilities (END is column 0), numbers of the rows and
position."""


@dataclass(frozen=True)
class ActiveRows:
    """The translations in progress.

    Attributes:
        numbers: which of all rows they are; row n belongs to sentence n // width.
        limits: how many pieces each may have.
        prefixes: their pieces, BEGIN first.
        totals: their log-probabilities so far, in nats, of those that are running.
        running: false after END; the row waits for the others of its sentence.
    """

    numbers: Int[Tensor, " rows"]
    limits: Int[Tensor, " rows"]
    prefixes: Int[Tensor, "rows positions"]
    totals: Float[Tensor, " rows"]
    running: Bool[Tensor, " rows"]

    def select(self, kept: Int[Tensor, " kept"]) -> "ActiveRows":
        """Return the rows at `kept`."""
        return ActiveRows(
            self.numbers[kept],
            self.limits[kept],
            self.prefixes[kept],
            self.totals[kept],
            self.running[kept],
        )

    def ended(self, columns: Int[Tensor, " rows"]) -> list[tuple[int, Hypothesis]]:
        """Return the running rows whose column is that of END, with their numbers."""
        hypotheses = []
        for row in (self.running & (columns == 0)).nonzero().squeeze(1).tolist():
            total = float(self.totals[row])
            ids = tuple(self.prefixes[row, 1:].tolist())
            hypotheses.append((int(self.numbers[row]), Hypothesis(ids, total, total)))
        return hypotheses


def search_stepwise(
    scorer: Scorer,
    source: Int[Tensor, "batch source"],
    width: int,
    limits: Int[Tensor, " batch"],
    choose: ChooseColumns,
) -> list[list[Hypothesis]]:
    """Find `width` hypotheses of each sentence; their scores are their log-probabilities.

    They are in the order in which they ended. A sentence leaves the batch when all its rows have
    ended; rows are numbered sentence by sentence and keep their numbers.

    Raises:
        ModelError: if a log-probability is not finite.
    """
    rows = _start(limits.repeat_interleave(width))
    state = scorer.reorder(scorer.start(source), rows.numbers // width)
    results: list[list[Hypothesis]] = [[] for _ in range(len(source))]
    while len(rows.numbers):
        logits, state = scorer.step(rows.prefixes[:, -1], state)
        log_probabilities, ids = allowed(logits.log_softmax(dim=1), scorer.choices(state))
        position = rows.prefixes.shape[1] - 1
        columns = choose(log_probabilities, rows.numbers, position)
        columns = columns.masked_fill(rows.limits <= position, 0)
        chosen = log_probabilities.gather(1, columns.unsqueeze(1)).squeeze(1)
        rows = replace(rows, totals=rows.totals + chosen)
        for number, hypothesis in rows.ended(columns):
            results[number // width].append(hypothesis)
        rows = replace(
            rows,
            prefixes=torch.cat([rows.prefixes, ids[columns].unsqueeze(1)], dim=1),
            running=rows.running & (columns != 0),
        )
        rows, state = _drop_finished(scorer, rows, state, width)
    return results


def _start(limits: Int[Tensor, " rows"]) -> ActiveRows:
    return ActiveRows(
        numbers=torch.arange(len(limits), device=limits.device),
        limits=limits,
        prefixes=torch.full_like(limits, BEGIN).unsqueeze(1),
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
