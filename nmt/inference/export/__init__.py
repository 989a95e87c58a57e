"""Export of a translation model as ONNX graphs, which run without torch.

`trace` makes the graphs of encoder and step, `networks` and `scan` what it traces. A number format
(one per module of `number_formats`) rewrites them; `top_k` adds the ranking of pieces, `shortlist`
splits off the output's columns, and `folder` writes all of it.
"""
