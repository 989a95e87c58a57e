import pytest
import torch

from nmt.models.readouts.maxout import MaxoutReadout
from nmt.runtime.errors import ConfigurationError


def test_maxout_takes_the_largest_of_each_pool_of_neighbours():
    readout = MaxoutReadout([1, 2], 2, 0.0, 2)
    with torch.no_grad():
        readout.linear.weight.copy_(
            torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]),
        )
        readout.linear.bias.copy_(torch.tensor([0.0, 0, 0.5, -3]))
    # parts (1), (2, -1): the map gives 1, 2 | -1 + 0.5, 1 + 2 - 1 - 3 = -1; largest 2 | -0.5
    readouts = readout(torch.tensor([[1.0]]), torch.tensor([[2.0, -1.0]]))
    assert readouts.tolist() == [[2.0, -0.5]]


def test_a_pool_of_zero_is_rejected_by_name():
    with pytest.raises(ConfigurationError, match=r"model.readout.pool=0: expected at least 1"):
        MaxoutReadout([1], 2, 0.0, 0)
