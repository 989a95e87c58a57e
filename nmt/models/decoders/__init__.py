"""Decoders, one per module, which predict the target piece by piece.

`Decoder` is the contract and the shared constructor. A new decoder is one module whose class
overrides `build_layers`, `start`, `step` and `forward`, and one file in `conf/model/decoder/`.
"""
