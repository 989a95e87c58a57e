"""Readouts, one per module: the vector from which a decoder predicts the next piece.

`readout.Readout` is the contract. A new readout is one module here and one file in
`conf/model/readout/`.
"""
