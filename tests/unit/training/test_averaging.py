import torch
from torch import nn

from nmt.models.parameters import set_weights, weights
from nmt.training.averaging.averaging import KeptCheckpoint
from nmt.training.averaging.best import BestCheckpoints
from nmt.training.averaging.kept_weights import KeptWeights
from nmt.training.averaging.last import LastCheckpoints
from nmt.training.averaging.nothing import NoAveraging

KEPT = [
    KeptCheckpoint(10, 1.0),
    KeptCheckpoint(20, 3.0),
    KeptCheckpoint(30, 2.0),
    KeptCheckpoint(40, 2.0),
]


def updates(kept):
    return sorted(one.update for one in kept)


def test_the_best_have_the_highest_scores_and_of_equal_ones_the_newer_counts():
    assert updates(BestCheckpoints(2).select(KEPT)) == [20, 40]


def test_the_last_are_the_newest():
    assert updates(LastCheckpoints(2).select(KEPT)) == [30, 40]


def test_without_averaging_no_weights_are_kept():
    assert updates(NoAveraging().select(KEPT)) == []


def network(value):
    module = nn.Linear(2, 2)
    set_weights(module, {"weight": torch.full((2, 2), value), "bias": torch.full((2,), -value)})
    return module


def test_the_mean_is_of_the_selected_files_and_the_others_are_pruned(tmp_path):
    kept = KeptWeights(tmp_path, BestCheckpoints(2))
    for update, score in ((1, 1.0), (2, 3.0), (3, 0.5), (4, 2.0)):
        kept.add(network(float(update)), update, score)
    assert (tmp_path / "update-00000001.safetensors").exists()
    assert not (tmp_path / "update-00000003.safetensors").exists()
    kept.prune(2)
    assert (tmp_path / "update-00000001.safetensors").exists(), "the state of update 2 names it"
    kept.prune(4)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["update-00000002.safetensors", "update-00000004.safetensors"]
    mean = kept.mean()
    assert torch.equal(mean["weight"], torch.full((2, 2), 3.0))
    assert torch.equal(mean["bias"], torch.full((2,), -3.0))


def test_an_update_validated_twice_is_averaged_once(tmp_path):
    kept = KeptWeights(tmp_path, LastCheckpoints(2))
    for update in (1, 2, 2):
        kept.add(network(float(update)), update, 0.0)
    assert updates(kept.checkpoints) == [1, 2]


def test_files_and_folders_of_users_are_kept(tmp_path):
    kept = KeptWeights(tmp_path, LastCheckpoints(1))
    (tmp_path / "update-copy").mkdir()
    (tmp_path / "update-00000001-good.safetensors").write_bytes(b"")
    (tmp_path / ".update-00000001.safetensors.part").write_bytes(b"")
    kept.prune(0)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["update-00000001-good.safetensors", "update-copy"]


def test_files_that_a_restored_state_does_not_name_are_pruned(tmp_path):
    first = KeptWeights(tmp_path, LastCheckpoints(3))
    first.add(network(1.0), 1, 0.0)
    state = first.state()
    first.add(network(2.0), 2, 0.0)
    second = KeptWeights(tmp_path, LastCheckpoints(3))
    second.restore(state)
    second.prune(1)
    assert [path.name for path in tmp_path.iterdir()] == ["update-00000001.safetensors"]


def test_a_missing_or_damaged_file_is_reported_and_excluded_from_the_mean(tmp_path, caplog):
    kept = KeptWeights(tmp_path, LastCheckpoints(3))
    for update in (7, 8, 9):
        kept.add(network(float(update)), update, 0.0)
    kept.discard_damaged()
    assert updates(kept.checkpoints) == [7, 8, 9]
    (tmp_path / "update-00000007.safetensors").unlink()
    path = tmp_path / "update-00000009.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    kept.discard_damaged()
    assert updates(kept.checkpoints) == [8]
    assert torch.equal(kept.mean()["weight"], torch.full((2, 2), 8.0))
    assert "update-00000007.safetensors was kept for averaging and is missing" in caplog.text


def test_a_file_that_only_an_older_state_names_is_kept_after_resuming(tmp_path):
    first = KeptWeights(tmp_path, LastCheckpoints(1))
    first.add(network(1.0), 1, 0.0)
    first.add(network(2.0), 2, 0.0)
    second = KeptWeights(tmp_path, LastCheckpoints(1))
    second.restore(first.state())
    second.prune(1)
    assert len(list(tmp_path.iterdir())) == 2
    second.prune(2)
    assert [path.name for path in tmp_path.iterdir()] == ["update-00000002.safetensors"]


def test_tied_weights_are_copied_once_and_set_together():
    tied = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    tied[1].weight = tied[0].weight
    copied = weights(tied)
    assert sorted(copied) == ["0.bias", "0.weight", "1.bias"]
    set_weights(tied, {name: torch.zeros_like(value) for name, value in copied.items()})
    assert tied[1].weight is tied[0].weight
    assert not tied[1].weight.any()
