"""Weights of some validated checkpoints on disk, and their mean."""

import hashlib
import logging
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from safetensors.torch import save as serialise
from torch import Tensor, nn

from nmt.models.parameters import weights
from nmt.runtime import atomic_files, checksums
from nmt.training.averaging.averaging import Averaging, KeptCheckpoint

NAME = re.compile(r"update-\d{8,}\.safetensors|\.update-\d{8,}\.safetensors\.part")
"""Files of this folder, and those that a kill left half written."""

logger = logging.getLogger(__name__)


class KeptWeights:
    """A folder of files `update-NUMBER.safetensors`, one for each checkpoint worth averaging.

    Files are deleted by `prune` alone, which is called after the training state has been saved, so
    no state on disk ever names a missing file.

    Attributes:
        checkpoints: the selected ones, oldest first.
    """

    def __init__(self, folder: Path, averaging: Averaging) -> None:
        self.folder = folder
        self.averaging = averaging
        self.checkpoints: list[KeptCheckpoint] = []
        self._checksums: dict[int, str] = {}
        self._dropped: dict[int, int] = {}  # by the update after which it was dropped

    def add(self, network: nn.Module, update: int, score: float) -> None:
        """Write the network's weights if the averaging selects them."""
        newest = KeptCheckpoint(update, score)
        candidates = [*(one for one in self.checkpoints if one.update != update), newest]
        selected = self.averaging.select(candidates)
        self.checkpoints = sorted(selected, key=lambda one: one.update)
        dropped = [one for one in candidates if one not in self.checkpoints]
        self._dropped |= {one.update: update for one in dropped}
        if newest in self.checkpoints:
            data = serialise(weights(network))
            atomic_files.write(self._file(update), data)
            self._checksums[update] = hashlib.sha256(data).hexdigest()

    def prune(self, oldest: int) -> None:
        """Delete the files that no state on disk names.

        Args:
            oldest: update of the oldest state, which may name what was dropped after it.
        """
        self._dropped = {update: at for update, at in self._dropped.items() if at > oldest}
        updates = (*self._dropped, *(one.update for one in self.checkpoints))
        named = {self._file(update) for update in updates}
        for path in self.folder.glob("*update-*"):
            if NAME.fullmatch(path.name) and path not in named:
                path.unlink(missing_ok=True)

    def discard_damaged(self) -> None:
        """Exclude missing and damaged files from the mean, with a warning about each."""
        damaged = [one for one in self.checkpoints if not self._intact(one.update)]
        for one in damaged:
            logger.warning(
                "%s was kept for averaging and is missing or damaged; the mean is taken of the"
                " others",
                self._file(one.update),
            )
        self.checkpoints = [one for one in self.checkpoints if one not in damaged]

    def mean(self) -> dict[str, Tensor]:
        """Return the mean of all kept weights, computed in float64."""
        sums: dict[str, Tensor] = {}
        for one in self.checkpoints:
            for name, tensor in load_file(self._file(one.update)).items():
                wide = tensor.double()
                sums[name] = sums[name] + wide if name in sums else wide
        return {name: (total / len(self.checkpoints)).float() for name, total in sums.items()}

    def state(self) -> dict[str, Any]:
        """Return plain values for `restore`."""
        checkpoints = [
            {**asdict(one), "sha256": self._checksums[one.update]} for one in self.checkpoints
        ]
        return {"checkpoints": checkpoints, "dropped": dict(self._dropped)}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned; its files must be in the folder."""
        stored = state["checkpoints"]
        self.checkpoints = [KeptCheckpoint(one["update"], one["score"]) for one in stored]
        self._checksums = {one["update"]: one["sha256"] for one in stored}
        self._dropped = dict(state["dropped"])

    def _file(self, update: int) -> Path:
        return self.folder / f"update-{update:08}.safetensors"

    def _intact(self, update: int) -> bool:
        path = self._file(update)
        return path.is_file() and checksums.sha256_of(path) == self._checksums[update]
