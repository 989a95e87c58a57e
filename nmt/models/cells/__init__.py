"""Recurrent cells: one equation per module, beside the loop that defines them all.

`cell.Cell` is the contract: a subclass defines `project` (the share of the inputs, for all
positions at once) and `step` (one position), and runs in every encoder, decoder and language
model. `product.ProductCell` is for cells whose hidden vector enters matrix products. A new cell is
one module here and one file in `conf/model/cell/`.
"""
