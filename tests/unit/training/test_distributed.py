import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nmt.runtime.errors import NmtError
from nmt.training.distributed import collectives

WORK = """
import sys
import torch
from torch import nn
from nmt.training.distributed import collectives
from nmt.data.batch import Batch
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.models.precision import Float32Precision
from nmt.training.updater import Updater


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(9, 4)
        self.unused = nn.Linear(2, 2)
        self.frozen = nn.Parameter(torch.ones(3), requires_grad=False)

    def forward(self, batch):
        return self.embedding(batch.inputs)

    def logits(self, readouts):
        return readouts @ self.embedding.weight.T


collectives.initialize()
torch.manual_seed(1)
network = Network()
optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.1)
precision, device = Float32Precision(), torch.device("cpu")
updater = Updater(network, CrossEntropy(0.1, 8), optimizer, precision, device, 0.5)
target = torch.tensor([[2, 4, 5, 6, 3], [2, 7, 3, 0, 0], [2, 8, 8, 3, 0]])
parts = [target] if collectives.world_size() == 1 else [target[:2], target[2:]]
part = parts[collectives.rank()]
results = [updater.update([Batch(part[:, 1:], part)], number, 0.1, int) for number in (1, 2, 3)]
if collectives.rank() == 0:
    assert not any(one.skip_reason or one.offending_batches for one in results)
    numbers = [{**vars(one), "skip_reason": 0, "offending_batches": 0} for one in results]
    idle = [name for name, one in network.named_parameters() if one.grad is None]
    torch.save({"weights": network.state_dict(), "results": numbers, "idle": idle}, sys.argv[1])
"""


def start(path, rank, ranks, port):
    environment = {
        **os.environ,
        "RANK": str(rank),
        "WORLD_SIZE": str(ranks),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    return subprocess.Popen([sys.executable, "-c", WORK, str(path)], env=environment)


@pytest.mark.slow
def test_two_processes_equal_one_with_the_joined_batch(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [
        start(tmp_path / "one", 0, 1, port),
        start(tmp_path / "two", 0, 2, port),
        start(tmp_path / "none", 1, 2, port),
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0, 0]
    one, two = (torch.load(tmp_path / name, weights_only=True) for name in ("one", "two"))
    assert not (tmp_path / "none").exists()
    assert one["idle"] == two["idle"] == ["frozen", "unused.weight", "unused.bias"]
    for name, weight in one["weights"].items():
        torch.testing.assert_close(two["weights"][name], weight)
    for left, right in zip(one["results"], two["results"], strict=True):
        assert left == pytest.approx(right, rel=1e-5)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"WORLD_SIZE": "some"}, "^WORLD_SIZE=some: expected a whole number, as torchrun sets it$"),
        (
            {"WORLD_SIZE": "2"},
            "cannot connect .*RANK expected.*; start them with workers=N, or with torch",
        ),
    ],
)
def test_processes_that_cannot_connect_are_reported(monkeypatch, variables, message):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(NmtError, match=message):
        collectives.initialize()


def test_a_single_process_is_the_first_and_sums_nothing(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert (collectives.rank(), collectives.world_size()) == (0, 1)
    numbers = torch.tensor([1.0, 2.0])
    collectives.initialize()
    assert collectives.all_reduce_sum(numbers) is numbers
