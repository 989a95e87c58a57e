"""Decoding: from next-piece scores to hypotheses.

A search (`greedy`, `beam`, `sample`) takes a `Scorer` (`search.search`) and knows no network: it
starts the scorer on a batch of sources, steps it with a piece for each row, and tells it which rows
to keep. `scorers` wrap one model, an ensemble, a fusion with a language model, or a model with a
shortlist; `shortlists` and `length_penalties` are open questions with one implementation per
module. `arrays` holds the beam search over numpy arrays, for engines without torch.

Public: `Scorer`, `Search`, `Hypothesis`; `Beam`, `Greedy`, `Sample`; the classes in `scorers`,
`shortlists` and `length_penalties`.
"""
