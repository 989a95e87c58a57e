"""Contrastive evaluation: how often a model prefers the right line to a wrong one."""
