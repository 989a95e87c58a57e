"""Scorers that look logits up in tables, and a beam search over plain lists to compare with."""

import itertools
import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.models import tree
from nmt.search.length_penalties.average import Average
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.length_penalties.none import NoLengthPenalty

PENALTIES = [NoLengthPenalty(), Average(), GNMT(0.6), GNMT(1.5), GNMT(-0.5)]


@dataclass(frozen=True)
class HashScorer:
    """Random logits that depend on the sentence and on the whole history, and on nothing else.

    A state is (number of each sentence's content, that of each row's sentence, of its history).
    """

    table: Tensor
    columns: Tensor | None

    def start(self, source):
        contents = []
        for row in source.tolist():
            content = 1
            for position, piece in enumerate(piece for piece in row if piece != PADDING):
                content = (content * 31 + piece * (position + 3)) % 1_000_003
            contents.append(content)
        contents = torch.tensor(contents)
        return contents, contents, contents

    def choices(self, state):
        return self.columns

    def step(self, ids, state):
        contents, owners, histories = state
        assert len(owners) % len(contents) == 0
        width = len(owners) // len(contents)
        assert owners.equal(contents.repeat_interleave(width)), "a row left its sentence"
        histories = (histories * 7919 + ids * 104_729 + 17) % 1_000_003
        logits = self.table[histories % len(self.table)]
        if self.columns is not None:
            logits = logits[:, self.columns]
        return logits, (contents, owners, histories)

    def reorder(self, state, rows):
        return state[0], *tree.select(state[1:], rows)

    def keep(self, state, sentences, rows):
        return state[0][sentences], *tree.select(state[1:], rows)


def scorer(seed, pieces, end=0.0, columns=None, sharpness=1.5):
    """`end` is added to the logits of END: how soon translations end."""
    generator = torch.Generator().manual_seed(seed)
    table = sharpness * torch.randn(997, pieces, generator=generator)
    table[:, END] += end
    return HashScorer(table, columns)


def fixed(rows):
    """A scorer whose logits depend on the position alone."""
    return Fixed(torch.tensor(rows))


@dataclass(frozen=True)
class Fixed:
    rows: Tensor

    def start(self, source):
        return torch.zeros(len(source), dtype=torch.long)

    def choices(self, state):
        return None

    def step(self, ids, state):
        return self.rows[state.clamp(max=len(self.rows) - 1)], state + 1

    def reorder(self, state, rows):
        return state[rows]

    def keep(self, state, sentences, rows):
        return state[rows]


def sentences(seed, lengths):
    generator = torch.Generator().manual_seed(seed)
    return [[*torch.randint(4, 50, (n,), generator=generator).tolist(), END] for n in lengths]


def padded(rows, more=0):
    width = max(len(row) for row in rows) + more
    return torch.tensor([row + [PADDING] * (width - len(row)) for row in rows])


def forced(scorer, source, ids):
    """Return the log-probability of a whole translation, step by step."""
    state = scorer.start(torch.tensor([source]))
    total = 0.0
    for newest, piece in itertools.pairwise([BEGIN, *ids, END]):
        following, state = after(scorer, newest, state)
        total += following[piece]
    return total


def after(scorer, newest, state):
    logits, state = scorer.step(torch.tensor([newest]), state)
    columns = scorer.choices(state)
    ids = range(logits.shape[1]) if columns is None else columns.tolist()
    values = logits.double().log_softmax(dim=1)[0].tolist()
    return dict(zip(ids, values, strict=True)), state


def reference_beam(scorer, source, size, penalty, limit):
    """Search one sentence with plain lists, without early stopping; return all hypotheses."""
    live = [(0.0, (BEGIN,), scorer.start(torch.tensor([source])))]
    finished = []
    while live:
        candidates = []
        for rank, (total, written, state) in enumerate(live):
            following, moved = after(scorer, written[-1], state)
            for piece, value in following.items():
                if piece == END or (piece > END and len(written) - 1 < limit):
                    candidates.append((-(total + value), rank, piece, written, moved))
        candidates.sort(key=lambda candidate: candidate[:3])
        live = []
        for negative, _, piece, written, moved in candidates[:size]:
            if piece == END:
                score = penalty(-negative, len(written))
                finished.append((score, -negative, written[1:]))
            else:
                live.append((-negative, (*written, piece), moved))
    return sorted(finished, key=lambda hypothesis: (-hypothesis[0], hypothesis[2]))


def same(hypotheses, expected):
    assert [each.ids for each in hypotheses] == [ids for _, _, ids in expected]
    for hypothesis, (score, total, _) in zip(hypotheses, expected, strict=True):
        assert hypothesis.log_probability == pytest.approx(total, abs=1e-4)
        assert hypothesis.score == pytest.approx(score, abs=1e-4)


def logits(probabilities):
    """Return the logits of pieces 0, 1, 2, END, 4, … from their probabilities."""
    return [math.log(p) if p else -99.0 for p in probabilities]
