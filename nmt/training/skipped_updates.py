"""Skipped updates: the warning about each, the end of training after too many, and their lines."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Int
from torch import Tensor

from nmt.data.special_ids import PADDING
from nmt.data.tokenization.tokenizer import Tokenizer
from nmt.runtime import atomic_files
from nmt.runtime.errors import NmtError
from nmt.training.progress import SkipReason, TrainingState, UpdateResult

SKIPPED = Path("training", "skipped")
"""The folder of these files, below the run's folder."""

NAME = re.compile(r"update-(\d{8,})\.json")

MAX_FILES = 20
"""How many files are kept, those of the newest updates."""

logger = logging.getLogger(__name__)


def report_skipped_update(
    state: TrainingState,
    reason: SkipReason,
    max_consecutive: int,
    finite: bool,
    file: Path,
    saved: bool,
) -> None:
    """Log a warning about a skipped update, or end the training.

    Args:
        state: in which the update is counted already.
        reason: why it was skipped.
        max_consecutive: skipped updates in a row that are allowed.
        finite: whether weights and the optimizer's averages are finite.
        file: holds the lines of the update.
        saved: whether there is a state to resume from.

    Raises:
        NmtError: if more updates in a row were skipped, or no later one can succeed.
    """
    update, row = state.update, state.skipped_in_a_row
    logger.warning(
        "update %d is skipped, %s (%d skipped so far); its lines are in %s",
        *(update, reason.cause, state.skipped, file),
    )
    if not finite:
        advice = _advice(
            "resume from it with a smaller schedule.peak_rate, or begin another run with"
            " precision=float32 or another seed",
            saved,
        )
        raise NmtError(
            f"update {update}: weights or the optimizer's averages are not finite, so no later "
            f"loss can be; {advice}"
        )
    if row > max_consecutive:
        raise NmtError(
            f"{row} updates in a row are skipped, the last ({update}) because {reason.cause}; "
            f"{_advice(reason.remedy, saved)}; the lines are in {file.parent}"
        )


def _advice(remedy: str, saved: bool) -> str:
    """Return what to do, which is to begin again where no state is saved yet."""
    if saved:
        return f"the state saved before is good: {remedy}"
    return f"no state is saved yet: {remedy.replace('resume from it', 'begin again')}"


@dataclass(frozen=True)
class SkippedUpdates:
    """A folder of files `update-NUMBER.json`, in JSON with one line of text for each pair.

    The same update gives the same bytes, so an update that is repeated after a kill replaces its
    own file.

    Attributes:
        folder: created before the first file is written.
        source: tokenizer of the source ids.
        target: tokenizer of the target ids.
    """

    folder: Path
    source: Tokenizer
    target: Tokenizer

    def __call__(self, update: int, rate: float, result: UpdateResult) -> Path:
        """Write the lines of a skipped update and return the file.

        Raises:
            NmtError: if it cannot be written.
        """
        path = self.folder / f"update-{update:08}.json"
        atomic_files.write(path, self._text(update, rate, result).encode())
        self._prune(update)
        return path

    def _text(self, update: int, rate: float, result: UpdateResult) -> str:
        assert result.skip_reason is not None
        head = {
            "update": update,
            "reason": result.skip_reason.cause,
            "learning_rate": rate,
            # JSON has no numbers that are not finite.
            "loss": str(result.loss),
            "gradient_norm": str(result.gradient_norm),
        }
        fields = [f" {_json(name)}: {_json(value)}" for name, value in head.items()]
        lines = ",\n".join("  " + _json(line) for line in self._lines(result))
        return "{\n" + ",\n".join([*fields, f' "lines": [\n{lines}\n ]']) + "\n}\n"

    def _lines(self, result: UpdateResult) -> Iterator[dict[str, Any]]:
        for number, batch in enumerate(result.offending_batches):
            for source, target in zip(batch.source, batch.target, strict=True):
                yield {
                    "batch": number,
                    "source": _side(self.source, source),
                    "target": _side(self.target, target),
                }

    def _prune(self, update: int) -> None:
        """Delete all files but the newest; files of later updates were written before a kill."""
        matches = ((NAME.fullmatch(path.name), path) for path in self.folder.glob("update-*"))
        numbers = {int(match[1]): path for match, path in matches if match}
        kept = sorted(number for number in numbers if number <= update)[-MAX_FILES:]
        for number, path in numbers.items():
            if number not in kept:
                path.unlink(missing_ok=True)
        for path in self.folder.glob(".update-*.part"):
            path.unlink(missing_ok=True)


def _side(tokenizer: Tokenizer, padded: Int[Tensor, " positions"]) -> dict[str, Any]:
    ids = padded[padded != PADDING].tolist()
    return {"text": tokenizer.decode(ids), "pieces": tokenizer.pieces(ids), "ids": ids}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
