"""Shortlists: the target pieces that a translation may consist of, one implementation per module.

Without torch.
"""
