"""What the end of a training after skipped updates advises."""

from pathlib import Path

import pytest

from nmt.runtime.errors import NmtError
from nmt.training.progress import TrainingState
from nmt.training.skipped_updates import report_skipped_update
from nmt.training.updater import NOT_FINITE


@pytest.mark.parametrize("finite", [True, False])
@pytest.mark.parametrize(
    ("saved", "advice"),
    [
        (True, r"the state saved before is good: resume from it with a smaller schedule.peak_rate"),
        (False, r"no state is saved yet: begin again with a smaller schedule.peak_rate"),
    ],
)
def test_a_saved_state_is_named_only_where_one_exists(finite, saved, advice):
    state = TrainingState(update=2, skipped=2, skipped_in_a_row=2)
    with pytest.raises(NmtError, match=advice) as stopped:
        report_skipped_update(state, NOT_FINITE, 1, finite, Path("x/update-2.json"), saved)
    assert saved or "saved before" not in str(stopped.value)
