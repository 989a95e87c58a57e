import random

import numpy as np
import pytest
import torch

from nmt import checkpoint
from nmt.errors import ConfigurationError, ModelError


def draws():
    return random.random(), random.gauss(0, 1), np.random.rand(), torch.rand(1).item()


def test_a_state_comes_back_as_it_was_saved(tmp_path):
    path = tmp_path / "training" / "state.pt"
    checkpoint.save(path, {"tensor": torch.arange(3), "progress": {"best": float("-inf")}})
    state = checkpoint.load(path)
    assert torch.equal(state["tensor"], torch.arange(3))
    assert state["progress"] == {"best": float("-inf")}
    assert [one.name for one in path.parent.iterdir()] == ["state.pt"]


def test_random_generators_go_on_exactly_after_a_state_was_saved_and_loaded(tmp_path):
    checkpoint.seed(5)
    draws()
    checkpoint.save(tmp_path / "state.pt", {"random": checkpoint.random_state()})
    expected = [draws() for _ in range(3)]
    checkpoint.seed(6)
    checkpoint.restore_random_state(checkpoint.load(tmp_path / "state.pt")["random"])
    assert [draws() for _ in range(3)] == expected


def test_the_same_seed_gives_the_same_numbers():
    checkpoint.seed(5)
    first = draws()
    checkpoint.seed(5)
    assert draws() == first


def test_a_seed_out_of_range_is_refused():
    with pytest.raises(ConfigurationError, match=r"seed=-1: expected 0 to 4294967295"):
        checkpoint.seed(-1)


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "state.pt"
    checkpoint.save(path, {"tensor": torch.arange(3000)})
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ModelError, match=r"state.pt is no training state"):
        checkpoint.load(path)
    path.write_bytes(b"")
    with pytest.raises(ModelError, match=r"state.pt is no training state"):
        checkpoint.load(path)


def test_a_file_that_would_run_code_is_refused(tmp_path):
    path = tmp_path / "state.pt"
    torch.save({"format": 1, "trap": print}, path)
    with pytest.raises(ModelError, match=r"state.pt is no training state"):
        checkpoint.load(path)


def test_another_format_is_named(tmp_path):
    torch.save({"format": 99}, tmp_path / "state.pt")
    with pytest.raises(ModelError, match=r"has format 99; this program reads format 1"):
        checkpoint.load(tmp_path / "state.pt")


def test_a_failed_save_leaves_the_state_before(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    checkpoint.save(path, {"number": 1})

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ModelError, match=r"No space left on device; the state before is kept"):
        checkpoint.save(path, {"number": 2})
    assert checkpoint.load(path)["number"] == 1
    assert [one.name for one in tmp_path.iterdir()] == ["state.pt"]
