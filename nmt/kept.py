"""Weights of some validated checkpoints on disk, and their mean."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from nmt.averaging.averaging import Averaging, Kept
from nmt.errors import ModelError


class KeptWeights:
    """A folder of files `update-NUMBER.safetensors`, one for each checkpoint worth averaging.

    Files are deleted by `prune` alone, which is called after the training state is safe, so that
    no state on disk ever names a file that is gone.

    Attributes:
        kept: what is chosen now, oldest first.
    """

    def __init__(self, folder: Path, averaging: Averaging) -> None:
        self.folder = folder
        self.averaging = averaging
        self.kept: list[Kept] = []

    def add(self, network: nn.Module, update: int, score: float) -> None:
        """Write the network's weights if the averaging chooses them."""
        newest = Kept(update, score)
        chosen = self.averaging.choose([*self.kept, newest])
        self.kept = sorted(chosen, key=lambda one: one.update)
        if newest in self.kept:
            self.folder.mkdir(parents=True, exist_ok=True)
            beside = self._file(update).with_suffix(".part")
            save_file(weights(network), beside)
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            beside.replace(self._file(update))

    def prune(self) -> None:
        """Delete the files that are no longer chosen."""
        chosen = {self._file(one.update) for one in self.kept}
        for path in self.folder.glob("update-*"):
            if path not in chosen:
                path.unlink()

    def mean(self) -> dict[str, Tensor]:
        """Average all kept weights, each weight in float64.

        Raises:
            ModelError: if a file is missing or not readable.
        """
        sums: dict[str, Tensor] = {}
        for one in self.kept:
            for name, tensor in self._load(one.update).items():
                wide = tensor.double()
                sums[name] = sums[name] + wide if name in sums else wide
        return {name: (total / len(self.kept)).float() for name, total in sums.items()}

    def state(self) -> list[dict[str, Any]]:
        """Give what `restore` needs."""
        return [asdict(one) for one in self.kept]

    def restore(self, state: list[dict[str, Any]]) -> None:
        """Go on with the files that `state` named."""
        self.kept = [Kept(**one) for one in state]

    def _file(self, update: int) -> Path:
        return self.folder / f"update-{update:08}.safetensors"

    def _load(self, update: int) -> dict[str, Tensor]:
        path = self._file(update)
        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise ModelError(
                f"{path} was kept for averaging and cannot be read ({error}); "
                "go on with averaging=none in another run=NAME"
            ) from error


def count(network: nn.Module) -> int:
    """Count all parameters, tied ones once."""
    return sum(parameter.numel() for parameter in network.parameters())


def weights(network: nn.Module) -> dict[str, Tensor]:
    """Copy all parameters, tied ones once, to the CPU."""
    return {
        name: parameter.detach().cpu().clone().contiguous()
        for name, parameter in network.named_parameters()
    }


@torch.no_grad()
def set_weights(network: nn.Module, values: dict[str, Tensor]) -> None:
    """Put what `weights` or `KeptWeights.mean` gave into a network of the same form."""
    for name, parameter in network.named_parameters():
        parameter.copy_(values[name])
