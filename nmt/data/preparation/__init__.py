"""Preparation of a corpus on disk: `Preparation` makes a folder, `PreparedCorpus` reads it.

`encoding` filters and encodes pairs, `shards` stores their ids and text, `report` their counts.
"""
