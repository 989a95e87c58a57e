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

allocator.forget_kernels()
import torch

class Usage(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks \
fsmblks uordblks fordblks keepcost".split()]

used = ctypes.CDLL(None).mallinfo2
used.restype = Usage
lstm = torch.nn.LSTM(16, 16)

def read(places):
    lstm(torch.ones(places, 2, 16))[0].sum().backward()

for places in range(1, 21):
    read(places)
before = used().uordblks
for places in range(21, 221):
    read(places)
print(used().uordblks - before)
"""


def growth(**environment):
    """Give by how many bytes 200 new shapes make a process larger that forgets kernels."""
    kept = {name: text for name, text in os.environ.items() if name not in allocator.CAPACITIES}
    environment = {**kept, "OMP_NUM_THREADS": "1", **environment}
    words = [sys.executable, "-c", SHAPES]
    return int(subprocess.run(words, env=environment, capture_output=True, check=True).stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc's mallinfo2")
def test_new_shapes_leave_nothing_behind_unless_the_user_wants_it():
    wanted = growth(**dict.fromkeys(allocator.CAPACITIES, "1024"))
    if wanted < 2**20:
        pytest.skip("this torch keeps no kernel for each shape of an LSTM")
    assert growth() < 2**19


def test_every_command_forgets_kernels(monkeypatch, capsys):
    for name in allocator.CAPACITIES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "argv", ["nmt.translate", "--help"])
    assert run("translate", lambda config: None) == 0
    assert {name: os.environ[name] for name in allocator.CAPACITIES} == allocator.CAPACITIES
