"""What all saved models share: a folder of weights, configuration and scores, never pickled."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn

from nmt.inspection.model_folder import CONFIGURATION, FORMAT, MAX_BYTES, SCORES, WEIGHTS
from nmt.runtime import atomic_files, checksums
from nmt.runtime.errors import ModelError, NmtError

__all__ = ["CONFIGURATION", "SCORES", "WEIGHTS", "described", "fill", "write"]


def write(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: Mapping[str, Any],
    scores: Mapping[str, Any],
    pieces: Mapping[str, bytes],
) -> None:
    """Write a model's files, each atomically, between two records of their sums.

    The first record has of each file the sum that it has and the one that it will have. So the
    folder can be read whenever the writer is killed, and the weights say whether the model is
    the old one or the new one, as long as configuration and vocabulary are those of the old one.

    Args:
        folder: made when missing; files of an older model there are replaced.
        weights: each tensor once.
        config: resolved, with the node that describes the model.
        scores: what `scores.json` shall say, beside the sum of the weights that they are of.
        pieces: the files of the vocabulary, and of what else belongs to it.

    Raises:
        NmtError: if a file cannot be written.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    stored = serialise(tensors)
    text = yaml.safe_dump({"format": FORMAT, **config}, sort_keys=False, allow_unicode=True)
    said = {"weights_sha256": hashlib.sha256(stored).hexdigest(), **scores}
    files = {
        WEIGHTS: stored,
        CONFIGURATION: text.encode(),
        SCORES: (json.dumps(said, indent=2) + "\n").encode(),
        **pieces,
    }
    new = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    old = _intact(folder)
    both = {name: {one[name] for one in (new, old) if name in one} for name in {**new, **old}}
    checksums.write(folder, {name: sorted(several) for name, several in both.items()})
    # Where there are none, they come last: without weights a folder holds no model yet.
    first = WEIGHTS in old
    for name in sorted(files, key=lambda name: (name == WEIGHTS) != first):
        if len(both[name]) > 1 or name not in old:
            atomic_files.write(folder / name, files[name])
    for name in old.keys() - new.keys():
        (folder / name).unlink()
    checksums.write(folder, {name: [one] for name, one in new.items()})


def _intact(folder: Path) -> dict[str, str]:
    """Give the sums of the files that are there, without those that were altered."""
    found = {
        name: checksums.sha256_of(folder / name) for name in MAX_BYTES if (folder / name).is_file()
    }
    if not (folder / checksums.NAME).is_file():
        return found
    known = {**dict.fromkeys(found, ()), **checksums.read(folder)}
    return {name: one for name, one in found.items() if one in known[name]}


@contextmanager
def described(path: Path) -> Iterator[None]:
    """Say in one line what came of making and trying what a configuration describes.

    Its classes are the program's, but which of them stands where, and with which numbers, is
    the stranger's choice: what they raise then can be anything.

    Raises:
        ModelError: instead of any other.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        why = str(error) if isinstance(error, NmtError) else f"{type(error).__name__}: {error}"
        raise ModelError(f"{path} describes no model: {' '.join(why.split())}") from error


def fill(model: nn.Module, path: Path, device: torch.device) -> None:
    """Put the stored weights in the place of the shapes that the model was made of.

    Raises:
        ModelError: if the file is damaged, or its names and shapes are not the model's.
    """
    expected = dict(model.named_parameters())
    made: dict[int, nn.Parameter] = {}
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            stored = set(file.keys())
            if stored != set(expected):
                differing = sorted(stored ^ set(expected))[0]
                raise ModelError(f"{path} does not fit its configuration: {differing!r} differs")
            for name, parameter in expected.items():
                shape = tuple(file.get_slice(name).get_shape())
                if shape != tuple(parameter.shape):
                    raise ModelError(
                        f"{path}: {name} has the shape {shape}, but the configuration says"
                        f" {tuple(parameter.shape)}"
                    )
                made[id(parameter)] = nn.Parameter(file.get_tensor(name), requires_grad=False)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    for module in model.modules():
        for name, owned in module.named_parameters(recurse=False, remove_duplicate=False):
            setattr(module, name, made[id(owned)])
