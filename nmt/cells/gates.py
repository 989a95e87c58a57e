"""What the weights of gates start from, gate by gate as if each had a matrix of its own."""

import torch
from torch import nn


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
