"""From text files to batches of ids.

In the order of the data: `text` (streams of lines), `corpora` (pairs of lines), `tokenization`
(text to ids and back), `preparation` (a corpus as ids on disk), `batching` (a `Batch` of padded
ids). `lexicon` estimates which pieces translate which, `download` fetches public corpora.

Only `batch`, `batching` and `sides` import torch. Ids are those of `special_ids` and of a
tokenizer; many rows of ids are moved as a `Ragged`.
"""
