"""Noise in training pairs, so that a model translates text as people type it.

One kind of noise is one class that fulfils the contract in `transform`; close variants share a
module. `noise` applies several of them, each to its share of the pairs of an epoch. A new one is
one module here and one entry in `conf/noise/everyday.yaml`.
"""
