"""Keeps the best few beginnings of a translation alive, and extends them all at once."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import BEGIN
from nmt.runtime.errors import ModelError
from nmt.search import limits as length
from nmt.search.checks import check_beam, check_length
from nmt.search.hypothesis import Hypothesis
from nmt.search.length_penalties.length_penalty import LengthPenalty
from nmt.search.n_best import NBest
from nmt.search.search import Scorer
from nmt.search.top_k import allowed, best


@dataclass(frozen=True)
class BeamState:
    """The beginnings that are alive, ranked within each sentence; as many rows for each.

    Attributes:
        sentences: the number of each sentence that is not finished yet.
        limits: how many pieces each of them may have.
        written: pieces of each row, BEGIN first.
        totals: log-probabilities so far; minus infinity where a row is dead, as it ended.
    """

    sentences: Int[Tensor, " batch"]
    limits: Int[Tensor, " batch"]
    written: Int[Tensor, "rows places"]
    totals: Float[Tensor, " rows"]

    @property
    def width(self) -> int:
        """How many rows each sentence has."""
        return len(self.totals) // len(self.sentences)

    @property
    def place(self) -> int:
        """How many pieces each row has."""
        return self.written.shape[1] - 1

    @property
    def full(self) -> bool:
        """Whether some sentence's rows have all the pieces that they may have."""
        return bool((self.limits <= self.place).any())


@dataclass(frozen=True)
class Candidates:
    """The best extensions of a sentence's rows, best first.

    Attributes:
        totals: log-probabilities so far.
        parents: the rows that they extend.
        columns: by what; END is column 0.
    """

    totals: Float[Tensor, "batch extended"]
    parents: Int[Tensor, "batch extended"]
    columns: Int[Tensor, "batch extended"]


@dataclass(frozen=True)
class Beam:
    """Beam search, in which a sentence is finished when that is certain.

    In each step the `size` best extensions of a sentence's live rows stay; those of them that
    are END are translations and leave their place for that step (so that size 1 is greedy
    search). A sentence is finished when it has `best` translations and no live row can lead to
    one with a better score than the worst of these. A row's log-probability can only fall, and
    its score for a given log-probability is highest at the shortest or at the longest length
    that it may reach (see `LengthPenalty`): that is the bound it is judged by. Where lengths are
    rewarded the bound is loose, and a sentence goes on for longer than with a rule of thumb, but
    nothing is ever missed that the beam would have found.

    Equal candidates: that of the better row first, then the lower id. Equal scores: lower ids.

    Attributes:
        size: live rows of a sentence.
        best: how many translations are given for each, from 1 to `size`.
        length_penalty: what makes scores of log-probabilities.
        length_factor: pieces that a translation may have for each piece of the source.
        length_extra: pieces that it may have above that.
    """

    size: int
    best: int
    length_penalty: LengthPenalty
    length_factor: float
    length_extra: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        check_length(self.length_factor, self.length_extra)
        check_beam(self.size, self.best)

    @property
    def ranked(self) -> NBest:
        """What becomes of translations, and of sentences that have some."""
        return NBest(self.best, self.length_penalty)

    def __call__(
        self, scorer: Scorer, source: Int[Tensor, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Give each sentence's `best` translations with the highest scores, highest first."""
        found: list[list[Hypothesis]] = [[] for _ in range(len(source))]
        live = _start(source, length.limits(source, self.length_factor, self.length_extra))
        state = scorer.start(source)
        while len(live.sentences):
            logits, state = scorer.step(live.written[:, -1], state)
            following, ids = allowed(logits.log_softmax(dim=1), scorer.choices(state))
            candidates = self.extend(live, following)
            self.collect(live, candidates, found)
            live, left = self.advance(live, candidates, ids, found)
            state = _follow(scorer, state, live, left, candidates)
        if not all(found):
            raise ModelError(
                f"no translation of sentence {found.index([]) + 1} of the batch has a finite"
                " log-probability; the model's weights are broken, train it again"
            )
        return found

    def extend(self, live: BeamState, following: Float[Tensor, "rows choices"]) -> Candidates:
        """Find each sentence's best extensions: of each row the best, then the best of these.

        That is the same as the best of all rows × choices, and adds totals only where needed.
        """
        values, columns = best(following, self.size)
        if live.full:
            only_end = (live.limits <= live.place).repeat_interleave(live.width).unsqueeze(1)
            others = torch.arange(columns.shape[1], device=columns.device) > 0
            columns = columns.masked_fill(only_end, 0)
            values = torch.where(only_end, following[:, :1], values)
            values = values.masked_fill(only_end & others, -torch.inf)
        batch, each = len(live.sentences), columns.shape[1]
        totals = (values + live.totals.unsqueeze(1)).view(batch, live.width * each)
        totals, chosen = best(totals, self.size)
        firsts = torch.arange(batch, device=columns.device).unsqueeze(1) * live.width
        columns = columns.reshape(batch, live.width * each).gather(1, chosen)
        return Candidates(totals, firsts + chosen // each, columns)

    def collect(
        self, live: BeamState, candidates: Candidates, found: list[list[Hypothesis]]
    ) -> None:
        """Put the candidates that end into the lists of their sentences; the `best` stay there."""
        ended = (candidates.columns == 0) & (candidates.totals > -torch.inf)
        if not bool(ended.any()):
            return
        numbers = live.sentences[ended.nonzero()[:, 0]].tolist()
        totals = candidates.totals[ended].tolist()
        written = live.written[candidates.parents[ended], 1:].tolist()
        for number, total, ids in zip(numbers, totals, written, strict=True):
            self.ranked.put(found[number], tuple(ids), total)

    def advance(
        self,
        live: BeamState,
        candidates: Candidates,
        ids: Int[Tensor, " choices"],
        found: list[list[Hypothesis]],
    ) -> tuple[BeamState, Int[Tensor, " left"]]:
        """Give what lives on, and which of the sentences of `live` are left."""
        totals = candidates.totals.masked_fill(candidates.columns == 0, -torch.inf)
        highest = totals.max(dim=1).values.tolist()
        left = [
            row
            for row, (number, limit) in enumerate(
                zip(live.sentences.tolist(), live.limits.tolist(), strict=True)
            )
            if self.ranked.hopeful(highest[row], live.place + 2, limit + 1, found[number])
        ]
        kept = torch.tensor(left, dtype=torch.long, device=totals.device)
        parents = candidates.parents[kept].flatten()
        newest = ids[candidates.columns[kept].flatten()]
        written = torch.cat([live.written[parents], newest.unsqueeze(1)], dim=1)
        moved = BeamState(live.sentences[kept], live.limits[kept], written, totals[kept].flatten())
        return moved, kept


def _start(source: Int[Tensor, "batch source"], limits: Int[Tensor, " batch"]) -> BeamState:
    return BeamState(
        sentences=torch.arange(len(source), device=source.device),
        limits=limits,
        written=torch.full_like(limits, BEGIN).unsqueeze(1),
        totals=torch.zeros_like(limits, dtype=torch.float64),
    )


def _follow(
    scorer: Scorer, state: Any, live: BeamState, left: Tensor, candidates: Candidates
) -> Any:
    """Move the scorer's state to the rows of `live`."""
    if not len(left):
        return None
    parents = candidates.parents[left].flatten()
    if len(left) == len(candidates.parents):
        return scorer.reorder(state, parents)
    return scorer.keep(state, left, parents)
