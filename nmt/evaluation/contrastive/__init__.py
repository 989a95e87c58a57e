"""Contrastive evaluation: how often a model finds a right line more probable than wrong ones."""
