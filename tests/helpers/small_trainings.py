"""Overrides that make a training small."""

SMALL = (
    "data=files",
    "tokenizer.size=200",
    "tokenizer.threads=1",
    "model.hidden_size=8",
    "model.embedding_size=8",
    "precision=float32",
    "epochs=null",
    "averaging=best",
    "updates=4",
    "report_every=1",
    "validate_every=2",
    "samples=1",
    "schedule.warmup=1",
    "search.length_factor=0.1",
    "validation_search.length_factor=0.1",
)
