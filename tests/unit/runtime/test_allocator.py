import ctypes
import os
import subprocess
import sys

import pytest

from nmt.config.command_line import run
from nmt.runtime import allocator

SHAPES = """
import ctypes
from nmt.runtime import allocator

allocator.limit_kernel_caches()
import torch

class Usage(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks \
fsmblks uordblks fordblks keepcost".split()]

used = ctypes.CDLL(None).mallinfo2
used.restype = Usage
lstm = torch.nn.LSTM(16, 16)

def train(length):
    lstm(torch.ones(length, 2, 16))[0].sum().backward()

for length in range(1, 21):
    train(length)
before = used().uordblks
for length in range(21, 221):
    train(length)
print(used().uordblks - before)
"""


def growth(**environment):
    """Return by how many bytes 200 new shapes enlarge a process with limited caches."""
    kept = {name: text for name, text in os.environ.items() if name not in allocator.KERNEL_CACHES}
    environment = {**kept, "OMP_NUM_THREADS": "1", **environment}
    command = [sys.executable, "-c", SHAPES]
    return int(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc's mallinfo2")
def test_kernels_of_past_shapes_are_not_kept_unless_the_user_sets_larger_caches():
    cached = growth(**dict.fromkeys(allocator.KERNEL_CACHES, "1024"))
    if cached < 2**20:
        pytest.skip("this torch caches no kernel for each shape of an LSTM")
    assert growth() < 2**19


def test_every_command_limits_kernel_caches(monkeypatch, capsys):
    for name in allocator.KERNEL_CACHES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "argv", ["nmt.translate", "--help"])
    assert run("translate", lambda config: None) == 0
    assert {name: os.environ[name] for name in allocator.KERNEL_CACHES} == allocator.KERNEL_CACHES
