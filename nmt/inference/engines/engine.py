"""The contract of an engine, and what a command passes to one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from nmt.data.windows import LineWindows
from nmt.inference.long_lines.long_lines import LongLines
from nmt.inference.sentences.sentences import Sentences
from nmt.inference.translation import Translation


@runtime_checkable
class StreamTranslator(Protocol):
    """Translates lines."""

    def stream(self, lines: Iterable[str]) -> Iterator[Translation]:
        """Translate an input of any length; yield one translation per line."""
        ...


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """How a command wants to translate; fields are named as keys of `conf/translate.yaml`.

    Parts whose classes take long to import are described by plain values.

    Attributes:
        runs: folders of the models; several are an ensemble.
        search, precision, shortlist, fusion: class (`_target_`) and its values.
        sentences: splits lines into sentences.
        long_lines: handles sentences of too many pieces.
        windows: how much of the input is held at once.
        device: `auto`, `cpu`, `cuda` or `cuda:1`.
        threads: a number, or None for the engine's choice.
        workers: number of processes that share the work, or `auto`.
        trust: packages of the user whose classes the models may name.
    """

    runs: Sequence[str]
    search: Mapping[str, Any]
    precision: Mapping[str, Any]
    shortlist: Mapping[str, Any]
    fusion: Mapping[str, Any]
    sentences: Sentences
    long_lines: LongLines
    windows: LineWindows
    device: str
    threads: object
    workers: object
    trust: Sequence[str]


@runtime_checkable
class Engine(Protocol):
    """Turns options into a translator."""

    def inspect(self, options: EngineOptions) -> Callable[[], StreamTranslator]:
        """Inspect the models, and return what loads them; nothing slow is imported before that.

        Raises:
            NmtError: if a model must not be used, or the engine lacks what is asked for.
        """
        ...
