"""The candidate that the search ranks highest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nmt.inference.translation import Translation


@dataclass(frozen=True)
class HighestScore:
    """Keeps the order of the search: an approximation of the most probable translation."""

    reads_all: ClassVar[bool] = False

    def check(self, search: Mapping[str, Any]) -> None:
        """Accept any search."""

    def __call__(self, translation: Translation) -> Translation:
        """Return the translation."""
        return translation
