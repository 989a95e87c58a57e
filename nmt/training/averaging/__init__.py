"""Checkpoint averaging: which weights are kept on disk and averaged at the end of training.

There is one implementation of the contract in `averaging` per module; `kept_weights` keeps the
files and computes their mean. A new one is one module here and one file in `conf/averaging/`.
"""
