"""Length penalties: how a beam search compares hypotheses of different lengths.

A new one is one module here and one file in `conf/search/length_penalty/`; no torch.
"""
