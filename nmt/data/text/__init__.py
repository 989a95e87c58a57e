"""Streams of lines: `streams` reads and writes them, `parallel` aligns two of them.

`cleaning` leaves out what nobody sees before text reaches a tokenizer.
`invalid_text` has the ways to handle lines that are not UTF-8, one per module.
"""
