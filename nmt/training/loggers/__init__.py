"""Loggers of training metrics: one implementation of the contract in `logger` per module.

`console` is for people, `jsonl` for programs, `tensorboard` for curves; `several` combines them.
A new one is one module here and an entry in a file of `conf/logger/`.
"""
