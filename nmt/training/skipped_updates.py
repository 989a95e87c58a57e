"""The lines of skipped updates in files that a person can read, the newest few of them."""

import json
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
from nmt.training.progress import UpdateResult

SKIPPED = Path("training", "skipped")
"""Below a run's folder: where such files are."""

NAMED = re.compile(r"update-(\d{8,})\.json")

FILES = 20
"""How many are kept."""


@dataclass(frozen=True)
class SkippedUpdates:
    """A folder of files `update-NUMBER.json`, JSON with a line for each pair.

    The same update gives the same bytes, so that one made again after a kill leaves no other file.

    Attributes:
        folder: made when there is something to write.
        source: reads the ids of the sources.
        target: reads those of the targets.
    """

    folder: Path
    source: Tokenizer
    target: Tokenizer

    def __call__(self, update: int, rate: float, outcome: UpdateResult) -> Path:
        """Write the lines that an update was to be made from, and give the file.

        Raises:
            NmtError: if it cannot be written.
        """
        path = self.folder / f"update-{update:08}.json"
        atomic_files.write(path, self._text(update, rate, outcome).encode())
        self._prune(update)
        return path

    def _text(self, update: int, rate: float, outcome: UpdateResult) -> str:
        assert outcome.fault is not None
        head = {
            "update": update,
            "fault": outcome.fault.what,
            "learning_rate": rate,
            # What is not finite is no number of JSON.
            "loss": str(outcome.loss),
            "gradient_norm": str(outcome.gradient_norm),
        }
        fields = [f" {_json(name)}: {_json(value)}" for name, value in head.items()]
        lines = ",\n".join("  " + _json(line) for line in self._lines(outcome))
        return "{\n" + ",\n".join([*fields, f' "lines": [\n{lines}\n ]']) + "\n}\n"

    def _lines(self, outcome: UpdateResult) -> Iterator[dict[str, Any]]:
        for number, batch in enumerate(outcome.suspects):
            for source, target in zip(batch.source, batch.target, strict=True):
                yield {
                    "batch": number,
                    "source": _side(self.source, source),
                    "target": _side(self.target, target),
                }

    def _prune(self, update: int) -> None:
        """Delete all files but those of the newest updates; a later one was made before a kill."""
        found = ((NAMED.fullmatch(path.name), path) for path in self.folder.glob("update-*"))
        numbers = {int(match[1]): path for match, path in found if match}
        kept = sorted(number for number in numbers if number <= update)[-FILES:]
        for number, path in numbers.items():
            if number not in kept:
                path.unlink(missing_ok=True)
        for path in self.folder.glob(".update-*.part"):
            path.unlink(missing_ok=True)


def _side(tokenizer: Tokenizer, padded: Int[Tensor, " places"]) -> dict[str, Any]:
    ids = padded[padded != PADDING].tolist()
    return {"text": tokenizer.decode(ids), "pieces": tokenizer.pieces(ids), "ids": ids}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
