"""Averages of weights: of checkpoints on disk at the end of training, or from update to update.

There is one implementation of the contract in `averaging` per module; `kept_weights` keeps the
files and computes their mean; `moving` averages from update to update. A new one is one module
here and one file in `conf/averaging/`.
"""
