"""Training objectives: one implementation of the contract in `objective` per module.

A new one is one module here and one file in `conf/objective/`.
"""
