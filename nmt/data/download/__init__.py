"""Public corpora over HTTP: `Downloader` puts verified, unpacked text files into a folder.

A corpus is a YAML file in `conf/corpus` with a `PublicCorpus`, which lists its files as
`PackedText`, each with the checksum of its text.
"""
