"""Encoders, one per module, which turn embedded source pieces into a `Memory`.

`encoder.Encoder` is the contract. A new encoder is one module here and one file in
`conf/model/encoder/`.
"""
