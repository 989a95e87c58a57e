"""Bridges, one per module, from the encoder's final states to the decoder's initial ones.

`bridge.Bridge` is the contract. A new bridge is one module here and one file in
`conf/model/bridge/`.
"""
