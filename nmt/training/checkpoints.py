"""Training states on disk: everything that a training needs to resume exactly where it stopped."""

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

from nmt.inspection import files
from nmt.runtime import atomic_files, checks, checksums
from nmt.runtime.errors import ModelError
from nmt.runtime.out_of_memory import is_out_of_memory

FORMAT = 3
"""Of a state; raised whenever older programs could not read a newer state."""

DIGITS = 16
"""Hexadecimal digits of a state's SHA-256 in its name."""

NAMED = re.compile(rf"state-(\d{{8,}})-([0-9a-f]{{{DIGITS}}})\.pt")
DAMAGED = "damaged-"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoints:
    """The newest states of one training, each a file `state-UPDATE-CHECKSUM.pt`.

    Attributes:
        folder: of the files.
        keep: how many states are kept at most, each of another update.
    """

    folder: Path
    keep: int

    def __post_init__(self) -> None:
        """Validate the values."""
        checks.at_least("keep", self.keep, 1)

    def save(self, update: int, state: dict[str, Any]) -> None:
        """Write a state, read it back to verify it, and only then delete old ones.

        Args:
            update: number of the update that the state follows.
            state: tensors and plain containers.

        Raises:
            NmtError: if there is no space, or the file cannot be written; older states are kept.
        """
        beside = self.folder / ".state.part"
        path = self.folder / f"state-{update:08}"
        with atomic_files.discard_on_error(path, beside):
            self.folder.mkdir(parents=True, exist_ok=True)
            atomic_files.check_space(path, _bytes(state))
            with atomic_files.create(beside) as file:
                hashing = _HashingFile(file)
                outer = sys.exception()
                try:
                    torch.save({"format": FORMAT, **state}, cast(BinaryIO, hashing))
                except RuntimeError as error:
                    # torch calls `write` from C++, and raises its own error over the one in there.
                    if error.__context__ in (None, outer):
                        raise
                    raise error.__context__ from None
                file.flush()
                os.fsync(file.fileno())
            written = hashing.hash.hexdigest()
            if checksums.sha256_of(beside) != written:
                raise OSError("the disk returns other bytes than were written")
            path = self.folder / f"{path.name}-{written[:DIGITS]}.pt"
            atomic_files.replace(beside, path)
        self._prune(update, path)

    def newest(self) -> dict[str, Any] | None:
        """Read the newest state that is intact; None if there is no state.

        A damaged state is logged and renamed with the prefix `damaged-`.

        Raises:
            ModelError: if there were states and none of them is intact, or one cannot be read, or
                has a format that this program does not read.
        """
        for path in self._files():
            try:
                return load_checkpoint(path)
            except DamagedCheckpointError as error:
                aside = path.with_name(DAMAGED + path.name)
                logger.warning("%s; it is renamed to %s", error, aside.name)
                path.replace(aside)
        for aside in self.folder.glob(f"{DAMAGED}*"):
            raise ModelError(
                f"{self.folder} holds no intact training state, only {aside.name}; start another"
                " run=NAME, or delete these files to train this one from the beginning"
            )
        return None

    def update(self) -> int | None:
        """Return the update of the newest state, intact or not; None if there is none."""
        return next(map(_update, self._files()), None)

    def oldest(self) -> int:
        """Return the update of the oldest state that can be resumed from; 0 without any."""
        return min(map(_update, self._files()), default=0)

    def _files(self) -> list[Path]:
        """Return all states, the newest first."""
        named = [path for path in self.folder.glob("state-*.pt") if NAMED.fullmatch(path.name)]
        named.sort(key=lambda path: (_update(path), path.lstat().st_mtime_ns), reverse=True)
        return named

    def _prune(self, update: int, path: Path) -> None:
        """Delete the states that the new one replaces."""
        updates = sorted(set(map(_update, self._files())))
        kept = set(updates[-self.keep :]) - {update}
        for other in self._files():
            if other != path and _update(other) not in kept:
                other.unlink()


class DamagedCheckpointError(ModelError):
    """A training state is not what was written."""


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a state; nothing in the file is executed.

    Raises:
        DamagedCheckpointError: if its bytes do not match the checksum in its name, or are no
            state.
        ModelError: if it cannot be read, is no regular file, or has a format that this program
            does not read.
    """
    match = NAMED.fullmatch(path.name)
    files.size(path, sys.maxsize)
    try:
        if match and not checksums.sha256_of(path).startswith(match[2]):
            raise DamagedCheckpointError(
                f"{path} is damaged: its bytes are not those that were written"
            )
        state = torch.load(path, map_location="cpu", weights_only=True)
        written = state["format"]
    except OSError as error:  # The file itself may be intact.
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except pickle.UnpicklingError as error:  # torch's message advises to load it unsafely.
        raise DamagedCheckpointError(f"{path} is no training state") from error
    except (RuntimeError, EOFError, KeyError, TypeError) as error:
        if is_out_of_memory(error):
            raise
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DamagedCheckpointError(f"{path} is no training state ({why})") from error
    if written != FORMAT:
        raise ModelError(
            f"{path} has format {written}; this program reads format {FORMAT}; use the version of"
            " nmt that wrote it, or start another run=NAME"
        )
    assert isinstance(state, dict)
    return state


class _HashingFile:
    """A file that hashes what is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> int:
        self.hash.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _update(path: Path) -> int:
    match = NAMED.fullmatch(path.name)
    assert match is not None
    return int(match[1])


def _bytes(state: Any) -> int:
    """Estimate the size of a state's file."""
    return sum(tensor.nbytes for tensor in _tensors(state)) + (1 << 16)


def _tensors(state: Any) -> Iterator[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        yield state
    elif isinstance(state, dict | list | tuple):
        for value in state.values() if isinstance(state, dict) else state:
            yield from _tensors(value)
