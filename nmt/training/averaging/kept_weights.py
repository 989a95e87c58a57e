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

NAMED = re.compile(r"update-\d{8,}\.safetensors|\.update-\d{8,}\.safetensors\.part")
"""Files of this folder, and those that a kill left half written."""

logger = logging.getLogger(__name__)


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
        self.kept: list[KeptCheckpoint] = []
        self._sums: dict[int, str] = {}
        self._dropped: dict[int, int] = {}

    def add(self, network: nn.Module, update: int, score: float) -> None:
        """Write the network's weights if the averaging chooses them."""
        newest = KeptCheckpoint(update, score)
        before = [*(one for one in self.kept if one.update != update), newest]
        chosen = self.averaging.choose(before)
        self.kept = sorted(chosen, key=lambda one: one.update)
        self._dropped |= {one.update: update for one in before if one not in self.kept}
        if newest in self.kept:
            data = serialise(weights(network))
            atomic_files.write(self._file(update), data)
            self._sums[update] = hashlib.sha256(data).hexdigest()

    def prune(self, oldest: int) -> None:
        """Delete the files that no state on disk names.

        Args:
            oldest: update of the oldest state; what was dropped after it, it may still name.
        """
        self._dropped = {one: at for one, at in self._dropped.items() if at > oldest}
        named = {self._file(update) for update in (*self._dropped, *self._updates())}
        for path in self.folder.glob("*update-*"):
            if NAMED.fullmatch(path.name) and path not in named:
                path.unlink(missing_ok=True)

    def drop_damaged(self) -> None:
        """Name the files that are not what was written; they have no part in the mean."""
        damaged = [one for one in self.kept if not self._intact(one.update)]
        for one in damaged:
            logger.warning(
                "%s was kept for averaging and is missing or damaged; the mean is taken of the"
                " others",
                self._file(one.update),
            )
        self.kept = [one for one in self.kept if one not in damaged]

    def mean(self) -> dict[str, Tensor]:
        """Average all kept weights, each weight in float64."""
        checksums: dict[str, Tensor] = {}
        for one in self.kept:
            for name, tensor in load_file(self._file(one.update)).items():
                wide = tensor.double()
                checksums[name] = checksums[name] + wide if name in checksums else wide
        return {name: (total / len(self.kept)).float() for name, total in checksums.items()}

    def state(self) -> dict[str, Any]:
        """Give what `restore` needs."""
        kept = [{**asdict(one), "sha256": self._sums[one.update]} for one in self.kept]
        return {"kept": kept, "dropped": dict(self._dropped)}

    def restore(self, state: dict[str, Any] | list[dict[str, Any]]) -> None:
        """Go on with the files that `state` named.

        A state of format 1 is a list without sums; its files are taken as right.
        """
        if isinstance(state, list):
            there = {one["update"]: self._file(one["update"]) for one in state}
            digests = {
                one: checksums.sha256_of(path) if path.is_file() else ""
                for one, path in there.items()
            }
            kept = [{**one, "sha256": digests[one["update"]]} for one in state]
            state = {"kept": kept, "dropped": {}}
        self.kept = [KeptCheckpoint(one["update"], one["score"]) for one in state["kept"]]
        self._sums = {one["update"]: one["sha256"] for one in state["kept"]}
        self._dropped = dict(state["dropped"])

    def _updates(self) -> list[int]:
        return [one.update for one in self.kept]

    def _file(self, update: int) -> Path:
        return self.folder / f"update-{update:08}.safetensors"

    def _intact(self, update: int) -> bool:
        path = self._file(update)
        return path.is_file() and checksums.sha256_of(path) == self._sums[update]
