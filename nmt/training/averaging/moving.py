"""Weights that are validated and saved in the place of the newest ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


@runtime_checkable
class MovingAverage(Protocol):
    """Averages the weights of one network from update to update."""

    def update(self, network: nn.Module) -> None:
        """Include the weights after an update."""
        ...

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Put the average into the network within the context, then its own weights again."""
        ...

    def state(self) -> dict[str, Any]:
        """Return tensors and plain values for `restore`."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        ...


class NewestWeights:
    """No average: the newest weights themselves are validated and saved."""

    def update(self, network: nn.Module) -> None:
        """Do nothing."""

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Leave the network as it is."""
        yield

    def state(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Do nothing."""


class ExponentialMovingAverage:
    """`average ← decay · average + (1 - decay) · weights`, in the weights' own number format.

    Early on the decay is smaller, `(1 + n) / (10 + n)` in the n-th update, so that the random
    initial weights are forgotten soon.

    Args:
        network: whose weights are the average at first.
        decay: at least 0, below 1.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self._updates = 0
        self._average = [parameter.detach().clone() for parameter in network.parameters()]

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Include the weights after an update."""
        self._updates += 1
        decay = min(self.decay, (1 + self._updates) / (10 + self._updates))
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        average(self._average, _tensors(network), self._updates)

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Put the average into the network within the context."""
        own = [tensor.clone() for tensor in _tensors(network)]
        _copy(self._average, network)
        try:
            yield
        finally:
            _copy(own, network)

    def state(self) -> dict[str, Any]:
        """Return the average and the number of updates that it includes."""
        return {"average": [tensor.clone() for tensor in self._average], "updates": self._updates}

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        for average, saved in zip(self._average, state["average"], strict=True):
            average.copy_(saved)
        self._updates = state["updates"]


def _tensors(network: nn.Module) -> list[Tensor]:
    return [parameter.detach() for parameter in network.parameters()]


@torch.no_grad()
def _copy(values: list[Tensor], network: nn.Module) -> None:
    for parameter, value in zip(network.parameters(), values, strict=True):
        parameter.copy_(value)
