"""A run continues from its newest state with other settings."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from nmt.training.resumption.resumption import SettingChange

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fork:
    """Accepts other settings and logs them; the run's settings record after which update.

    Weights stay, so settings that make other weights fail when the state is loaded. `adapted` says
    what starts anew.
    """

    def __call__(self, run: str, changes: Sequence[SettingChange]) -> None:
        """Log each change."""
        for change in changes:
            logger.warning(
                "run=%s continues with %s=%s (before: %s)",
                run,
                change.key,
                change.after,
                change.before,
            )
