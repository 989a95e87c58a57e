"""Beam search over numpy arrays, for engines without torch; the same translations as `nmt.search`.

`scorer` is the contract with an engine, `beam` the search. A beam of size 1 is greedy search.
"""
