"""What is said of updates that are skipped, and when training ends because of them."""

import logging
from pathlib import Path

from nmt.runtime.errors import NmtError
from nmt.training.progress import SkipReason, TrainingState

logger = logging.getLogger(__name__)


def warn_of_skipped_update(
    progress: TrainingState, fault: SkipReason, most: int, healthy: bool, file: Path
) -> None:
    """Warn of an update that was skipped.

    Args:
        progress: with the update counted.
        fault: what was wrong with it.
        most: updates in a row that may be skipped.
        healthy: whether the weights are finite.
        file: where the update's lines can be seen.

    Raises:
        NmtError: if there were more in a row, or there can be no other update.
    """
    update, row = progress.update, progress.skipped_in_a_row
    logger.warning(
        "update %d is skipped, %s (%d skipped so far); its lines are in %s",
        *(update, fault.what, progress.skipped, file),
    )
    if not healthy:
        raise NmtError(
            f"update {update}: weights or the optimizer's averages are not finite, so that no loss "
            "will ever be; the state saved before is good: go on from it with a smaller "
            "schedule.peak_rate, or begin another run with precision=float32 or another seed"
        )
    if row > most:
        raise NmtError(
            f"{row} updates in a row are skipped, the last ({update}) because {fault.what}; "
            f"the state saved before is good: {fault.advice}; the lines are in {file.parent}"
        )
