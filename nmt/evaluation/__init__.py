"""How good translations and models are.

`metrics` are sacreBLEU's, one per module, and each `Score` has its signature. `scores` computes
them for a test set, by length of source, and compares systems by paired bootstrap; `report` makes
a table and JSON of that, and `test_sets` reads the lines. `likelihood` scores lines under a
language or a translation model (`LikelihoodScorer`), `perplexity` turns nats into perplexities, and
`contrastive` counts how often a model prefers a right line to wrong ones.

Public: `Metric`, `Score`, the classes in `metrics`, `Evaluation`, `EvaluationSet`,
`LikelihoodScorer`, `load`.
"""
