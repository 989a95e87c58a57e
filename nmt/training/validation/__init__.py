"""Validation of translation and language models, and the criterion that ranks its results."""
