"""The training loop and all that it asks: objective, schedule, loggers, checkpoints, validation.

`trainer` is the loop, and knows neither a model nor a metric; `updater` makes one update; `limits`
says when training ends and how often it does what. `run` is the folder of a run and what its
training was started with.
"""
