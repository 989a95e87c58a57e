import hashlib
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nmt.runtime import random_state
from nmt.runtime.errors import ConfigurationError, ModelError, NmtError
from nmt.training.checkpoints import Checkpoints, _HashingFile, load_checkpoint


def samples():
    return random.random(), random.gauss(0, 1), np.random.rand(), torch.rand(1).item()


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "training", 2)


def files(checkpoints):
    return sorted(path.name for path in checkpoints.folder.iterdir())


def test_a_state_is_read_as_it_was_saved(checkpoints):
    assert checkpoints.newest() is None and checkpoints.update() is None
    checkpoints.save(7, {"tensor": torch.arange(3), "state": {"best": float("-inf")}})
    state = checkpoints.newest()
    assert torch.equal(state["tensor"], torch.arange(3))
    assert state["state"] == {"best": float("-inf")}
    (name,) = files(checkpoints)
    checksum = hashlib.sha256((checkpoints.folder / name).read_bytes()).hexdigest()
    assert name == f"state-00000007-{checksum[:16]}.pt"
    assert checkpoints.update() == checkpoints.oldest() == 7


def test_the_newest_states_are_kept_one_per_update(checkpoints):
    for update, number in ((1, 1), (2, 2), (2, 3), (9, 4), (9, 5)):
        checkpoints.save(update, {"number": number})
    assert [name[:14] for name in files(checkpoints)] == ["state-00000002", "state-00000009"]
    assert checkpoints.newest()["number"] == 5
    assert (checkpoints.update(), checkpoints.oldest()) == (9, 2)
    newest = max(checkpoints.folder.iterdir())
    newest.unlink()
    assert checkpoints.newest()["number"] == 3


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: b"", lambda data: flipped(data)]
)
def test_a_damaged_state_is_reported_and_the_one_before_is_read(checkpoints, caplog, damage):
    for update in (1, 2):
        checkpoints.save(update, {"tensor": torch.arange(3000) + update})
    newest = max(checkpoints.folder.iterdir())
    newest.write_bytes(damage(newest.read_bytes()))
    assert checkpoints.newest()["tensor"][0] == 1
    assert f"{newest} is damaged: its bytes are not those that were written" in caplog.text
    assert f"it is renamed to damaged-{newest.name}" in caplog.text
    assert f"damaged-{newest.name}" in files(checkpoints) and newest.name not in files(checkpoints)
    checkpoints.save(2, {"tensor": torch.arange(3)})
    assert len(checkpoints.newest()["tensor"]) == 3


def flipped(data):
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    return bytes(changed)


def test_a_lack_of_memory_does_not_count_as_damage(checkpoints, monkeypatch):
    checkpoints.save(1, {"number": 1})

    def short(*_, **__):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried")

    monkeypatch.setattr("torch.load", short)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        checkpoints.newest()
    monkeypatch.undo()
    assert checkpoints.newest()["number"] == 1


def test_without_any_intact_state_the_run_does_not_start_anew(checkpoints):
    checkpoints.save(1, {"number": 1})
    path = next(checkpoints.folder.iterdir())
    path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(ModelError, match=r"holds no intact training state, only dama"):
            checkpoints.newest()


def test_a_state_that_cannot_be_read_is_not_treated_as_damaged(checkpoints, monkeypatch):
    for update in (1, 2):
        checkpoints.save(update, {"number": update})

    def refuse(path):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("nmt.runtime.checksums.sha256_of", refuse)
    with pytest.raises(ModelError, match=r"state-00000002-.* cannot be read: Too many open files"):
        checkpoints.newest()
    monkeypatch.undo()
    assert checkpoints.newest()["number"] == 2


def test_a_state_that_is_read_back_differently_replaces_none(checkpoints, monkeypatch):
    checkpoints.save(1, {"number": 1})
    monkeypatch.setattr("nmt.runtime.checksums.sha256_of", lambda path: "0" * 64)
    with pytest.raises(NmtError, match=r"state-00000002 cannot be written: the disk returns other"):
        checkpoints.save(2, {"number": 2})
    monkeypatch.undo()
    assert checkpoints.newest()["number"] == 1 and len(files(checkpoints)) == 1


def test_a_training_keeps_at_least_one_state(tmp_path):
    with pytest.raises(ConfigurationError, match=r"keep=0: expected a number, 1 or more"):
        Checkpoints(tmp_path, 0)


def test_random_generators_continue_exactly_after_saving_and_loading(checkpoints):
    random_state.seed(5)
    samples()
    state = random_state.capture()
    expected = [samples() for _ in range(3)]
    checkpoints.save(0, {"random": state})
    random_state.seed(6)
    state = checkpoints.newest()["random"]
    random_state.restore(state)
    assert [samples() for _ in range(3)] == expected


def test_the_same_seed_gives_the_same_numbers():
    random_state.seed(5)
    first = samples()
    random_state.seed(5)
    assert samples() == first


def test_a_seed_out_of_range_is_refused():
    with pytest.raises(ConfigurationError, match=r"seed=-1: expected 0 to 4294967295"):
        random_state.seed(-1)


def test_a_file_that_would_run_code_is_refused(tmp_path):
    path = tmp_path / "state.pt"
    torch.save({"format": 3, "trap": print}, path)
    with pytest.raises(ModelError, match=r"state.pt is no training state"):
        load_checkpoint(path)


def test_another_format_is_reported(tmp_path):
    torch.save({"format": 99}, tmp_path / "state.pt")
    with pytest.raises(ModelError, match=r"has format 99; this program reads format 3"):
        load_checkpoint(tmp_path / "state.pt")


def test_a_failed_save_leaves_the_state_before(checkpoints, monkeypatch):
    checkpoints.save(1, {"number": 1})

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NmtError, match=r"No space left on device; what was there before is kept"):
        checkpoints.save(2, {"number": 2})
    assert checkpoints.newest()["number"] == 1
    assert len(files(checkpoints)) == 1


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("when", [1, 3])
def test_an_error_of_a_write_within_torch_is_raised_unchanged(checkpoints, monkeypatch, kind, when):
    write, calls = _HashingFile.write, []

    def interrupted(self, data):
        calls.append(data)
        if len(calls) == when:
            raise kind("amid a write")
        return write(self, data)

    checkpoints.save(1, {"update": 1})
    monkeypatch.setattr(_HashingFile, "write", interrupted)
    with pytest.raises(kind, match="amid a write"):
        checkpoints.save(2, {"weights": torch.zeros(1000)})
    monkeypatch.undo()
    assert checkpoints.newest()["update"] == 1


def test_free_space_is_checked_before_a_state_is_written(checkpoints, monkeypatch):
    checkpoints.save(1, {"number": 1})
    disk = SimpleNamespace(f_bavail=3, f_frsize=1_000_000)
    monkeypatch.setattr("os.statvfs", lambda path: disk)
    state = {"updater": [{"weight": torch.zeros(1_000_000)}]}
    with pytest.raises(NmtError, match=r"needs 4\.1 MB, and its disk has 3\.0 MB left; free some"):
        checkpoints.save(2, state)
    assert checkpoints.newest()["number"] == 1
