"""The contract of an engine."""

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from omegaconf import DictConfig

from nmt.data.windows import LineWindows
from nmt.inference.translation import Translation


@runtime_checkable
class StreamTranslator(Protocol):
    """Translates lines."""

    def stream(self, lines: Iterable[str]) -> Iterator[Translation]:
        """Translate an input of any length; one out for each line in."""
        ...


@runtime_checkable
class Engine(Protocol):
    """Makes what translates, of the configuration of `nmt.translate`.

    Making an engine imports nothing that takes long.
    """

    def load(self, config: DictConfig, windows: LineWindows) -> StreamTranslator:
        """Look at the models, refuse what cannot be used, and load them.

        Args:
            config: of the command.
            windows: how much of the input is held at once.

        Raises:
            NmtError: names what is wrong.
        """
        ...
