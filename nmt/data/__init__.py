"""From text files to batches of ids.

In the order of the data: `text` (lines), `corpora` (pairs of lines), `tokenization` (ids),
`preparation` (shards on disk), `batching` (a `Batch` of padded ids). `lexicon` learns which pieces
translate which, `download` fetches public corpora.
"""
