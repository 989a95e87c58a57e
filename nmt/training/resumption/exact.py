"""A run resumes with the settings that it was started with, or not at all."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from nmt.runtime.errors import ConfigurationError
from nmt.training.resumption.resumption import CORPUS, SettingChange


@dataclass(frozen=True)
class Exact:
    """Rejects other settings, since a run that continues with them is another experiment."""

    def __call__(self, run: str, changes: Sequence[SettingChange]) -> None:
        """Raise an error for the first change.

        Raises:
            ConfigurationError: naming key, old and new value, and what to do.
        """
        key, before, after = changes[0].key, changes[0].before, changes[0].after
        if key == CORPUS:
            raise ConfigurationError(
                f"run={run} was started with other text than there is now ({before}, now {after});"
                " use that text again, start another run=NAME, or let this one continue with the"
                " text of now by resumption=fork, and where that changes the vocabulary by"
                f" resumption=fork vocabulary=existing vocabulary.run={shlex.quote(run)}"
            )
        raise ConfigurationError(
            f"run={run} was started with {key}={before} and cannot continue with {key}={after}; "
            f"use {key}={before} again, start another run=NAME, or let this one continue with the"
            " new value by resumption=fork"
        )
