"""A run goes on as it began, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.runtime.errors import ConfigurationError
from nmt.training.resumption.resumption import SettingChange


@dataclass(frozen=True)
class Exact:
    """Refuses other settings, since what goes on with them is no longer the same experiment."""

    def __call__(self, run: str, changes: Sequence[SettingChange]) -> None:
        """Refuse the first change.

        Raises:
            ConfigurationError: naming key, old and new value, and the ways out.
        """
        key, before, after = changes[0].key, changes[0].before, changes[0].after
        raise ConfigurationError(
            f"run={run} was begun with {key}={before} and cannot go on with {key}={after}; "
            f"take {key}={before} again, begin another run=NAME, or let this one go on"
            " differently from here with resumption=fork"
        )
