"""Decoding: from next-piece scores to hypotheses.

A search (`greedy`, `beam`, `sample`) knows a `Scorer` (`search.search`) and no network; `scorers`
wrap one model, an ensemble, or a fusion with a language model. `arrays` holds the same searches
over numpy arrays, for engines without torch.
"""
