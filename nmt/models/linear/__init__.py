"""Matrix products on a CPU: fast ones for training, packed weights for inference.

`training.linear` is the product that cells, attentions and readouts call, `training.recurrent_loop`
marks a loop whose weights are the same at each turn, and `packed.pack` prepares a network that
only computes.
"""
