"""Splitting of lines into sentences, one implementation of the contract in `sentences` per module.

A new one is one module here and one file in `conf/sentences/`.
"""
