"""The contract of an output format."""

from typing import ClassVar, Protocol, runtime_checkable

from nmt.inference.translation import Translation


@runtime_checkable
class OutputFormat(Protocol):
    """Formats a translation.

    Attributes:
        writes_all: whether it writes all candidates of a line.
    """

    writes_all: ClassVar[bool]

    def __call__(self, number: int, translation: Translation) -> str:
        """Return whole lines with line feeds; `number` counts the input's lines from 0."""
        ...
