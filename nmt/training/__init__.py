"""Training of translation and language models.

`trainer.Trainer` is the loop: it knows neither a model nor a metric, and so trains both kinds. It
receives a `TrainingSpec`, the values and parts that a command's configuration has built; `updater`
makes one update, and `run` owns the folder of a run. Each of these packages holds a contract and
its implementations, one per module: `objectives`, `schedules`, `averaging`, `loggers`,
`text_batching`, `resumption`. `validation` computes losses and metrics, `distributed` trains in
several processes.

Between two updates everything that training depends on is in a checkpoint, so an interrupted and
resumed training equals an uninterrupted one, bit for bit.
"""
