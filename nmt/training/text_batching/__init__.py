"""How text becomes the batches of a language model: one implementation per module.

`lines` starts every line anew; `continuous` carries the state from batch to batch.
"""
