"""Streams of lines: `streams` reads and writes them, `parallel` aligns two of them.

`invalid_text` has the ways to handle lines that are not UTF-8, one per module.
"""
