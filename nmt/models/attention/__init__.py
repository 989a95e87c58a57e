"""Attentions, one per module, by which a decoder reads the source.

`attention.Attention` is the contract: a subclass defines `keys` and `scores`; masking, softmax and
the weighted mean are shared. A new attention is one module here and one file in
`conf/model/attention/`.
"""
