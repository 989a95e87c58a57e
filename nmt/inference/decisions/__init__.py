"""Decision rules: which candidate of a line is its translation, one rule per module.

`decision` has the contract. A new one is one module here and one file in `conf/decision/`.
"""
