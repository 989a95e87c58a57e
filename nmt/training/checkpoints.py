"""Training states on disk: all that a training needs to go on exactly where it stopped."""

import hashlib
import logging
import os
import pickle
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch

from nmt.runtime import atomic_files, checks, checksums
from nmt.runtime.errors import ModelError
from nmt.runtime.out_of_memory import is_out_of_memory

FORMAT = 2
"""Of a state; format 1 was one file, `state.pt`, and said less of itself."""

DIGITS = 16
"""Hexadecimal digits of a state's SHA-256 in its name."""

NAMED = re.compile(rf"state-(\d{{8,}})-([0-9a-f]{{{DIGITS}}})\.pt")
FIRST_FORMAT = "state.pt"
DAMAGED = "damaged-"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoints:
    """The newest states of one training, each a file `state-UPDATE-SUM.pt` that names its sum.

    Attributes:
        folder: where they lie.
        keep: how many there are at most, each of another update.
    """

    folder: Path
    keep: int

    def __post_init__(self) -> None:
        """Refuse to keep nothing."""
        checks.at_least("keep", self.keep, 1)

    def save(self, update: int, state: dict[str, Any]) -> None:
        """Write a state, read it again to see that it is whole, and only then drop old ones.

        Args:
            update: after which it stands so.
            state: tensors and plain containers.

        Raises:
            NmtError: if there is no room, or the file cannot be written; those before are kept.
        """
        beside = self.folder / ".state.part"
        path = self.folder / f"state-{update:08}"
        with atomic_files.discard_on_error(path, beside):
            self.folder.mkdir(parents=True, exist_ok=True)
            atomic_files.check_space(path, _bytes(state))
            with beside.open("wb") as file:
                summing = _Summing(file)
                outer = sys.exception()
                try:
                    torch.save({"format": FORMAT, **state}, cast(BinaryIO, summing))
                except RuntimeError as error:
                    # Torch calls `write` from C++, and raises its own error over what that raised.
                    if error.__context__ in (None, outer):
                        raise
                    raise error.__context__ from None
                file.flush()
                os.fsync(file.fileno())
            written = summing.sum.hexdigest()
            if checksums.sha256_of(beside) != written:
                raise OSError("the disk gives back other bytes than it was given")
            path = self.folder / f"{path.name}-{written[:DIGITS]}.pt"
            atomic_files.replace(beside, path)
        self._prune(update, path)

    def newest(self) -> dict[str, Any] | None:
        """Read the newest state that is intact; None if there is no state.

        A damaged one is named in the log, and keeps its name behind `damaged-`.

        Raises:
            ModelError: if there were states and none of them is intact, or one cannot be read, or
                is of a format that this program does not read.
        """
        for path in self._files():
            try:
                return load_checkpoint(path)
            except DamagedCheckpointError as error:
                aside = path.with_name(DAMAGED + path.name)
                logger.warning("%s; it is moved to %s", error, aside.name)
                path.replace(aside)
        for aside in self.folder.glob(f"{DAMAGED}*"):
            raise ModelError(
                f"{self.folder} holds no training state that is intact, only {aside.name}; begin"
                " another run=NAME, or delete what is there to lose this one"
            )
        return None

    def update(self) -> int | None:
        """Give the update of the newest state, intact or not; None if there is none.

        A state of format 1 does not tell before it is read: 0.
        """
        for path in self._files():
            return 0 if path.name == FIRST_FORMAT else _update(path)
        return None

    def oldest(self) -> int:
        """Give the update of the oldest state that may still be gone on from; 0 without any."""
        return min(map(_update, self._named()), default=0)

    def _files(self) -> list[Path]:
        """Give all states, the newest first."""
        first = self.folder / FIRST_FORMAT
        return [*self._named(), first] if first.exists() else self._named()

    def _named(self) -> list[Path]:
        named = [path for path in self.folder.glob("state-*.pt") if NAMED.fullmatch(path.name)]
        named.sort(key=lambda path: (_update(path), path.stat().st_mtime_ns), reverse=True)
        return named

    def _prune(self, update: int, path: Path) -> None:
        """Delete what the new state replaces."""
        updates = sorted(set(map(_update, self._named())))
        kept = set(updates[-self.keep :]) - {update}
        for one in self._files():
            if one != path and (one.name == FIRST_FORMAT or _update(one) not in kept):
                one.unlink()


class DamagedCheckpointError(ModelError):
    """A training state is not what was written."""


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a state; nothing in the file is executed.

    Raises:
        DamagedError: if its bytes are not those that its name speaks of, or are no state.
        ModelError: if it cannot be read, or is of a format that this program does not read.
    """
    match = NAMED.fullmatch(path.name)
    try:
        if match and not checksums.sha256_of(path).startswith(match[2]):
            raise DamagedCheckpointError(
                f"{path} is damaged: its bytes are not those that were written"
            )
        state = torch.load(path, map_location="cpu", weights_only=True)
        written = state["format"]
    except OSError as error:  # The file is none the worse for it.
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except pickle.UnpicklingError as error:  # Torch advises to read it all the same.
        raise DamagedCheckpointError(f"{path} is no training state") from error
    except (RuntimeError, EOFError, KeyError, TypeError) as error:
        if is_out_of_memory(error):
            raise
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DamagedCheckpointError(f"{path} is no training state ({why})") from error
    if written not in (1, FORMAT):
        raise ModelError(
            f"{path} has format {written}; this program reads formats 1 and {FORMAT}; use the"
            " version of nmt that wrote it, or begin another run=NAME"
        )
    assert isinstance(state, dict)
    return state


class _Summing:
    """A file that is summed as it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> int:
        self.sum.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _update(path: Path) -> int:
    match = NAMED.fullmatch(path.name)
    assert match is not None
    return int(match[1])


def _bytes(state: Any) -> int:
    """Give about how large a state's file will be."""
    return sum(tensor.nbytes for tensor in _tensors(state)) + (1 << 16)


def _tensors(state: Any) -> Iterator[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        yield state
    elif isinstance(state, dict | list | tuple):
        for one in state.values() if isinstance(state, dict) else state:
            yield from _tensors(one)
