"""Parameters of a network: counted, copied, and replaced."""

import torch
from torch import Tensor, nn


def count(network: nn.Module) -> int:
    """Count all parameters, tied ones once."""
    return sum(parameter.numel() for parameter in network.parameters())


def weights(network: nn.Module) -> dict[str, Tensor]:
    """Copy all parameters, tied ones once, to the CPU."""
    return {
        name: parameter.detach().cpu().clone().contiguous()
        for name, parameter in network.named_parameters()
    }


@torch.no_grad()
def set_weights(network: nn.Module, values: dict[str, Tensor]) -> None:
    """Copy what `weights` returned, or a mean of several, into a network of the same form."""
    for name, parameter in network.named_parameters():
        parameter.copy_(values[name])
