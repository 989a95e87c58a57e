"""Who looks at a training from outside: validation, the best model, averages, the journal."""

from collections.abc import Callable
from dataclasses import dataclass

from nmt.journals.journal import Journal
from nmt.kept import KeptWeights
from nmt.validation import Criterion, Validation


@dataclass(frozen=True)
class Watchers:
    """Who looks at the network between updates.

    Attributes:
        validate: looks at the network as it is; draws no random numbers.
        criterion: makes of a validation the score by which the best model is chosen.
        keep_best: called after a validation that is the best so far, the network unchanged.
        kept: weights that are averaged at the end.
        journal: takes the numbers.
    """

    validate: Callable[[], Validation]
    criterion: Criterion
    keep_best: Callable[[Validation], None]
    kept: KeptWeights
    journal: Journal
