"""N-gram models without torch: counted, smoothed, and exchanged as ARPA files.

`counts` counts n-grams, `kneser_ney` turns counts into `tables.NGramTables`, and `arpa` reads and
writes these as text. Another smoothing is one module here and an `estimator` in
`conf/language_model/ngram.yaml`.
"""
