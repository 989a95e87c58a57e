"""Parallel text on disk: one format a file, and what becomes of bad pairs."""
