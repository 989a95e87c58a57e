"""The contract of an output format."""

from typing import Protocol, runtime_checkable

from nmt.inference.translation import Translation


@runtime_checkable
class OutputFormat(Protocol):
    """Writes a translation down."""

    def __call__(self, number: int, translation: Translation) -> str:
        """Give whole lines, line feeds included; `number` counts the input's lines from 0."""
        ...
