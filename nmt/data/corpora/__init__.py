"""Formats of corpora, one per module: `plain`, `tsv`, `jsonl`, `monolingual`.

A `Corpus` yields pairs of lines with their locations, in order; a new format implements
`__iter__` and `files`, or `block` of a `LineCorpus` where each line is a pair. `filters` decides
what happens to invalid pairs.
"""
