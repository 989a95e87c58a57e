"""A run goes on from where it stands with other settings."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from nmt.training.resumption.resumption import SettingChange

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fork:
    """Takes other settings and says which; the run's settings remember after which update.

    Weights stay, so what makes other weights of the model is refused when they are put into it.
    See `adapted` for what begins afresh.
    """

    def __call__(self, run: str, changes: Sequence[SettingChange]) -> None:
        """Say each change."""
        for change in changes:
            logger.warning(
                "run=%s goes on with %s=%s (before: %s)",
                run,
                change.key,
                change.after,
                change.before,
            )
