"""The contract of a decision rule."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, runtime_checkable

from nmt.inference.translation import Translation


@runtime_checkable
class Decision(Protocol):
    """Ranks the candidates of a line.

    Attributes:
        reads_all: whether candidates after the first one have an influence.
    """

    reads_all: ClassVar[bool]

    def check(self, search: Mapping[str, Any]) -> None:
        """Check that a search, as plain values, returns candidates enough.

        Raises:
            NmtError: if it does not.
        """
        ...

    def __call__(self, translation: Translation) -> Translation:
        """Return the translation with its candidates in another order, the chosen one first."""
        ...
