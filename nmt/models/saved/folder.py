"""What all saved models share: a folder of weights, configuration, vocabulary and scores.

The files are `model.safetensors`, `config.yaml`, `scores.json`, `sentencepiece.model` (or
`sentencepiece.source.model` and `sentencepiece.target.model`), `lexicon.safetensors` for
shortlists, and `SHA256SUMS`. `nmt.inspection.model_folder` checks them before anything is used; a
run's folder also holds the states of its training (`nmt.training.run`).
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize
from torch import Tensor, nn

from nmt.config.instantiate import packages
from nmt.inspection import config_values, safetensors
from nmt.inspection.model_folder import (
    CONFIGURATION,
    FORMAT,
    MAX_BYTES,
    SCORES,
    WEIGHTS,
    check_sizes,
    check_values,
)
from nmt.runtime import atomic_files, checksums
from nmt.runtime.errors import ConfigurationError, ModelError, NmtError

__all__ = [
    "CONFIGURATION",
    "SCORES",
    "WEIGHTS",
    "building",
    "check_loadable",
    "load_weights",
    "write",
]


def check_loadable(config: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
    """Check before training that what `write` will write passes the inspection of its folder.

    Args:
        config: as for `write`.
        weights: as for `write`; those of an n-gram model are not known before it is estimated.

    Raises:
        ConfigurationError: naming the value that a saved model may not have.
    """
    where = "the configuration"
    path = Path(WEIGHTS)
    header = {}
    for name, tensor in weights.items():
        shape = list(tensor.shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * math.prod(shape)]}
    try:
        data = _configuration(config)
        if len(data) > MAX_BYTES[CONFIGURATION]:
            raise ModelError(f"{where} has {len(data)} bytes")
        parsed = config_values.parse(data, where)
        check_values(parsed, sorted(packages(dict(config)) - {"torch"}), where)
        check_sizes(parsed, safetensors.check_header(header, path), path, where)
    except ModelError as error:
        raise ConfigurationError(f"{error}; a model trained so could not be loaded") from error


def _configuration(config: Mapping[str, Any]) -> bytes:
    text = yaml.safe_dump({"format": FORMAT, **config}, sort_keys=False, allow_unicode=True)
    return bytes(text.encode())


def write(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: Mapping[str, Any],
    scores: Mapping[str, Any],
    vocabulary: Mapping[str, bytes],
) -> None:
    """Write a model's files, each atomically, between two records of their checksums.

    The first record has the present and the future checksum of each file, so that the folder can be
    read whenever the process is killed. The weights are then those of the old model or of the new
    one, as long as both have the same configuration and vocabulary.

    Args:
        folder: created if missing; the files of an older model are replaced.
        weights: each tensor once.
        config: resolved, with the node that describes the model.
        scores: content of `scores.json`, to which the checksum of the weights is added.
        vocabulary: the files of the tokenizers, and of what belongs to them.

    Raises:
        NmtError: if a file cannot be written.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    stored = serialize(tensors)
    content = {"weights_sha256": hashlib.sha256(stored).hexdigest(), **scores}
    files = {
        WEIGHTS: stored,
        CONFIGURATION: _configuration(config),
        SCORES: (json.dumps(content, indent=2) + "\n").encode(),
        **vocabulary,
    }
    new = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    old = _intact(folder)
    both = {name: {side[name] for side in (new, old) if name in side} for name in {**new, **old}}
    checksums.write(folder, {name: sorted(values) for name, values in both.items()})
    # New weights come last: without weights a folder holds no model yet.
    weights_first = WEIGHTS in old
    for name in sorted(files, key=lambda name: (name == WEIGHTS) != weights_first):
        if len(both[name]) > 1 or name not in old:
            atomic_files.write(folder / name, files[name])
    for name in old.keys() - new.keys():
        (folder / name).unlink()
    checksums.write(folder, {name: [checksum] for name, checksum in new.items()})


def _intact(folder: Path) -> dict[str, str]:
    """Return the checksums of the files that exist and were not altered."""
    current = {
        name: checksums.sha256_of(folder / name) for name in MAX_BYTES if (folder / name).is_file()
    }
    if not (folder / checksums.NAME).is_file():
        return current
    known = {**dict.fromkeys(current, ()), **checksums.read(folder)}
    return {name: checksum for name, checksum in current.items() if checksum in known[name]}


@contextmanager
def building(path: Path) -> Iterator[None]:
    """Report in one line why the model that a configuration describes cannot be built or run.

    Its classes are trusted, but an untrusted file combines them, with any numbers: what they then
    raise can be anything.

    Args:
        path: of the configuration.

    Raises:
        ModelError: instead of any other exception.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, NmtError) else f"{type(error).__name__}: {error}"
        raise ModelError(f"{path} describes no model: {' '.join(reason.split())}") from error


def load_weights(model: nn.Module, path: Path, device: torch.device) -> None:
    """Replace the parameters of a model that was built without memory by the stored ones.

    Raises:
        ModelError: if the file is damaged, or has other names or shapes than the model.
    """
    expected = dict(model.named_parameters())
    loaded: dict[int, nn.Parameter] = {}
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            stored = set(file.keys())
            if stored != set(expected):
                name = sorted(stored ^ set(expected))[0]
                where = "the file" if name in stored else "the configuration"
                raise ModelError(
                    f"{path} does not fit its configuration: only {where} has {name!r}"
                )
            for name, parameter in expected.items():
                shape = tuple(file.get_slice(name).get_shape())
                if shape != tuple(parameter.shape):
                    raise ModelError(
                        f"{path}: {name} has the shape {shape}, the configuration has"
                        f" {tuple(parameter.shape)}"
                    )
                loaded[id(parameter)] = nn.Parameter(file.get_tensor(name), requires_grad=False)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    for module in model.modules():
        for name, owned in module.named_parameters(recurse=False, remove_duplicate=False):
            setattr(module, name, loaded[id(owned)])
