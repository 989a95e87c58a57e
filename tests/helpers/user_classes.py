"""Classes of a user, for `_target_=helpers.user_classes.NAME` on the command line."""

import os
import signal
from dataclasses import dataclass, replace

import torch

from nmt.models.cells.cell import Cell
from nmt.training.objectives.cross_entropy import CrossEntropy


@dataclass(frozen=True)
class Stopping(CrossEntropy):
    """An objective that sends its process SIGTERM in the third update, unless GO_ON is set."""

    def __call__(self, network, batch, update):
        if update == 3 and not os.environ.get("GO_ON"):
            signal.raise_signal(signal.SIGTERM)
        return super().__call__(network, batch, update)


class NotFiniteInUpdate2(CrossEntropy):
    """An objective whose value is not finite in the second update."""

    def __call__(self, network, batch, update):
        loss = super().__call__(network, batch, update)
        return replace(loss, sum=loss.sum * (torch.nan if update == 2 else 1.0))


class NotFiniteInValidation(CrossEntropy):
    """An objective whose value is not finite in validation."""

    def __call__(self, network, batch, update):
        loss = super().__call__(network, batch, update)
        return loss if loss.sum.requires_grad else replace(loss, sum=loss.sum * torch.nan)


class Leaky(Cell):
    """A cell: `h = (h(t-1) + tanh(W x + U h(t-1))) / 2`."""

    parts = 1

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.enter = torch.nn.Linear(input_size, hidden_size)
        self.stay = torch.nn.Linear(hidden_size, hidden_size)

    def project(self, inputs):
        return self.enter(inputs)

    def step(self, projected, state):
        hidden = (state[0] + (projected + self.stay(state[0])).tanh()) / 2
        return hidden, (hidden,)
