"""How good translations and models are: metrics, significance, likelihood, contrastive pairs.

`metrics` are sacreBLEU's, each value with its signature; `report` scores several systems on a test
set; `likelihood` scores text under a model; `perplexity` turns nats into perplexities.
"""
