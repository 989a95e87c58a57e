"""Gates: how their weights are initialized, each as a matrix of its own, and their sigmoid."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def input_weights(gates: int, hidden_size: int, input_size: int) -> nn.Parameter:
    """Return `[gates * hidden, input]`, uniform after Glorot and Bengio 2010; input may be 0."""
    weights = nn.Parameter(torch.empty(gates * hidden_size, input_size))
    for gate in weights.chunk(gates):
        nn.init.xavier_uniform_(gate)
    return weights


def hidden_weights(gates: int, hidden_size: int) -> nn.Parameter:
    """Return `[gates * hidden, hidden]`, an orthogonal matrix per gate (Saxe et al. 2014)."""
    weights = nn.Parameter(torch.empty(gates * hidden_size, hidden_size))
    for gate in weights.chunk(gates):
        nn.init.orthogonal_(gate)
    return weights


def wide_sigmoid(values: Float[Tensor, "*shape gates"]) -> Float[Tensor, "*shape gates"]:
    """Compute the sigmoid in float32 or wider, so that a gate and 1 minus it add up to 1.

    The largest bfloat16 below 1 is 0.996: a gate of 0.0015 would add its share while 1 minus it
    is 1, and over many positions the state would grow beyond that of float32.
    """
    return values.to(torch.promote_types(values.dtype, torch.float32)).sigmoid()
