"""Length penalties: how a beam search compares hypotheses of different lengths.

One implementation per module; without torch.
"""
