"""Beam search: extends the best few prefixes of every translation at once."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import BEGIN
from nmt.search import limits as length
from nmt.search.beam_search import BeamSearch, check_complete
from nmt.search.hypothesis import Hypothesis
from nmt.search.search import Scorer
from nmt.search.top_k import allowed, best


@dataclass(frozen=True)
class BeamState:
    """The live prefixes, ranked within each sentence; every sentence has as many rows.

    Attributes:
        sentences: index in the batch of each sentence that is not finished.
        limits: how many pieces each of them may have.
        prefixes: pieces of each row, BEGIN first.
        totals: log-probabilities so far, in nats; minus infinity where a row is dead, as it ended.
    """

    sentences: Int[Tensor, " batch"]
    limits: Int[Tensor, " batch"]
    prefixes: Int[Tensor, "rows positions"]
    totals: Float[Tensor, " rows"]

    @property
    def width(self) -> int:
        """Rows of each sentence."""
        return len(self.totals) // len(self.sentences)

    @property
    def length(self) -> int:
        """Pieces of each prefix, BEGIN apart."""
        return self.prefixes.shape[1] - 1


@dataclass(frozen=True)
class Candidates:
    """The best extensions of each sentence's rows, best first.

    Attributes:
        totals: log-probabilities so far, in nats.
        parents: the rows that they extend.
        columns: columns of the pieces that extend them; END is column 0.
    """

    totals: Float[Tensor, "batch extended"]
    parents: Int[Tensor, "batch extended"]
    columns: Int[Tensor, "batch extended"]


@dataclass(frozen=True)
class Beam(BeamSearch):
    """`BeamSearch` over tensors; a finished sentence leaves the batch at once."""

    def __call__(
        self, scorer: Scorer, source: Int[Tensor, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Return each sentence's `best` hypotheses with the highest scores, highest first.

        Raises:
            ModelError: if the model's log-probabilities are not finite.
        """
        n_bests: list[list[Hypothesis]] = [[] for _ in range(len(source))]
        beam = _start(source, length.limits(source, self.length_factor, self.length_extra))
        state = scorer.start(source)
        while len(beam.sentences):
            logits, state = scorer.step(beam.prefixes[:, -1], state)
            log_probabilities, ids = allowed(logits.log_softmax(dim=1), scorer.choices(state))
            candidates = self._extend(beam, log_probabilities)
            self._collect(beam, candidates, n_bests)
            candidates = _without_ended(candidates)
            kept = self._unfinished(beam, candidates, n_bests)
            beam = _advance(beam, candidates, ids, kept)
            state = _follow(scorer, state, candidates, kept)
        check_complete(n_bests)
        return n_bests

    def _extend(
        self, beam: BeamState, log_probabilities: Float[Tensor, "rows choices"]
    ) -> Candidates:
        """Find each sentence's best extensions: of each row the best, then the best of these.

        They are the best of all rows × choices, and only theirs need totals.
        """
        values, columns = best(log_probabilities, self.size)
        full = beam.limits <= beam.length
        if bool(full.any()):
            only_end = full.repeat_interleave(beam.width).unsqueeze(1)
            others = torch.arange(columns.shape[1], device=columns.device) > 0
            columns = columns.masked_fill(only_end, 0)
            values = torch.where(only_end, log_probabilities[:, :1], values)
            values = values.masked_fill(only_end & others, -torch.inf)
        batch, each = len(beam.sentences), columns.shape[1]
        totals = (values + beam.totals.unsqueeze(1)).view(batch, beam.width * each)
        totals, chosen = best(totals, self.size)
        firsts = torch.arange(batch, device=columns.device).unsqueeze(1) * beam.width
        columns = columns.reshape(batch, beam.width * each).gather(1, chosen)
        return Candidates(totals, firsts + chosen // each, columns)

    def _collect(
        self, beam: BeamState, candidates: Candidates, n_bests: list[list[Hypothesis]]
    ) -> None:
        """Add the candidates that ended to the n-best lists of their sentences."""
        ended = (candidates.columns == 0) & (candidates.totals > -torch.inf)
        if not bool(ended.any()):
            return
        sentences = beam.sentences[ended.nonzero()[:, 0]].tolist()
        totals = candidates.totals[ended].tolist()
        prefixes = beam.prefixes[candidates.parents[ended], 1:].tolist()
        for sentence, total, ids in zip(sentences, totals, prefixes, strict=True):
            self.add(n_bests[sentence], tuple(ids), total)

    def _unfinished(
        self, beam: BeamState, candidates: Candidates, n_bests: list[list[Hypothesis]]
    ) -> Int[Tensor, " left"]:
        """Return the indices in `beam` of the sentences whose n-best list may still improve."""
        highest = candidates.totals.max(dim=1).values.tolist()
        sentences = zip(beam.sentences.tolist(), beam.limits.tolist(), strict=True)
        kept = [
            index
            for index, (sentence, limit) in enumerate(sentences)
            if self.can_improve(n_bests[sentence], highest[index], beam.length + 2, limit + 1)
        ]
        return torch.tensor(kept, dtype=torch.long, device=beam.sentences.device)


def _start(source: Int[Tensor, "batch source"], limits: Int[Tensor, " batch"]) -> BeamState:
    return BeamState(
        sentences=torch.arange(len(source), device=source.device),
        limits=limits,
        prefixes=torch.full_like(limits, BEGIN).unsqueeze(1),
        totals=torch.zeros_like(limits, dtype=torch.float64),
    )


def _without_ended(candidates: Candidates) -> Candidates:
    totals = candidates.totals.masked_fill(candidates.columns == 0, -torch.inf)
    return replace(candidates, totals=totals)


def _advance(
    beam: BeamState,
    candidates: Candidates,
    ids: Int[Tensor, " choices"],
    kept: Int[Tensor, " left"],
) -> BeamState:
    """Make the candidates of the sentences at `kept` the prefixes of the next step."""
    parents = candidates.parents[kept].flatten()
    newest = ids[candidates.columns[kept].flatten()]
    prefixes = torch.cat([beam.prefixes[parents], newest.unsqueeze(1)], dim=1)
    totals = candidates.totals[kept].flatten()
    return BeamState(beam.sentences[kept], beam.limits[kept], prefixes, totals)


def _follow(scorer: Scorer, state: Any, candidates: Candidates, kept: Int[Tensor, " left"]) -> Any:
    """Move the scorer's state to the rows of the next step."""
    if not len(kept):
        return None
    parents = candidates.parents[kept].flatten()
    if len(kept) == len(candidates.parents):
        return scorer.reorder(state, parents)
    return scorer.keep(state, kept, parents)
