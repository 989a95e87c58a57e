"""Gates: what their weights start from, as if each had a matrix of its own, and how they open."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def input_weights(gates: int, hidden_size: int, input_size: int) -> nn.Parameter:
    """Give `[gates * hidden, input]`, uniform after Glorot and Bengio 2010; the input may be 0."""
    weights = nn.Parameter(torch.empty(gates * hidden_size, input_size))
    for gate in weights.chunk(gates):
        nn.init.xavier_uniform_(gate)
    return weights


def hidden_weights(gates: int, hidden_size: int) -> nn.Parameter:
    """Give `[gates * hidden, hidden]`, each gate's an orthogonal matrix (Saxe et al. 2014)."""
    weights = nn.Parameter(torch.empty(gates * hidden_size, hidden_size))
    for gate in weights.chunk(gates):
        nn.init.orthogonal_(gate)
    return weights


def open_gate(sums: Float[Tensor, "*places gates"]) -> Float[Tensor, "*places gates"]:
    """Give `σ(sums)` in float32 or wider, so that what a gate keeps and what it lets in add up.

    In bfloat16 the last number below 1 is 0.996. A gate of 0.0015 would let in, while 1 minus it
    is 1: over many places what is kept grows beyond what float32 gives.
    """
    return sums.to(torch.promote_types(sums.dtype, torch.float32)).sigmoid()
