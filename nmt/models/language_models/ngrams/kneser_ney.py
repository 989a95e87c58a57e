"""Probabilities of n-grams by interpolated, modified Kneser-Ney smoothing."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmt.data.ragged import Ragged
from nmt.data.special_ids import BEGIN, PADDING
from nmt.models.language_models.ngrams.counts import adjusted_counts
from nmt.models.language_models.ngrams.tables import NGramTables
from nmt.runtime.errors import require

FALLBACK = (0.5, 1.0, 1.5)
"""Discounts where the closed form has none, those of KenLM's `--discount_fallback`."""

Discounts = tuple[float, float, float]
"""What is subtracted from counts of 1, of 2, and of 3 and more."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KneserNey:
    """Discounts the count of each n-gram, and interpolates with the n-grams of shorter contexts.

    With the adjusted counts `a`, `p(w | h) = (a(h w) - D(a(h w))) / Σ_x a(h x) + b(h) p(w | h')`,
    where `h'` is `h` without its first piece and `b(h) = Σ_x D(a(h x)) / Σ_x a(h x)`. Below the
    unigrams all pieces but PADDING and BEGIN are equally probable.

    Source: Chen and Goodman 1999, section 3; orders and BEGIN as Heafield et al. 2013, section 3.

    Attributes:
        order: pieces of the longest n-grams, at least 1.
    """

    order: int

    def __post_init__(self) -> None:
        """Check that the order is a whole number, 1 or more.

        Raises:
            ConfigurationError: otherwise.
        """
        valid = type(self.order) is int and self.order >= 1
        require(valid, "model.order", self.order, "a whole number, 1 or more")

    def __call__(self, lines: Ragged, pieces: int) -> NGramTables:
        """Estimate a model from lines of ids without BEGIN and END.

        Raises:
            CorpusError: if there is no line, or an id that text cannot have.
        """
        keys, logarithms, backoffs = [], [], []
        probabilities = np.full(1, 1 / (pieces - 2))
        levels = adjusted_counts(lines, pieces, self.order)
        for order, level in enumerate(levels, start=1):
            contexts = level.keys // pieces
            discounts = np.array([0.0, *_discounts(order, level.counts)])
            discounted = discounts[np.minimum(level.counts, 3)]
            rows = len(probabilities)
            total = np.maximum(np.bincount(contexts, level.counts, rows), 1)
            left = np.bincount(contexts, discounted, rows)
            weights = left / total
            known = (level.counts - discounted) / total[contexts]
            probabilities = known + weights[contexts] * probabilities[level.suffixes]
            if order == 1:
                probabilities[[PADDING, BEGIN]] = 0
            else:
                # A context without continuations backs off with a weight of 1.
                backoffs.append(np.log(np.where(left > 0, weights, 1)))
            keys.append(level.keys)
            with np.errstate(divide="ignore"):
                logarithms.append(np.log(probabilities))
        return NGramTables(pieces, tuple(keys), tuple(logarithms), tuple(backoffs))


def closed_form(ngrams: Sequence[int]) -> Discounts | None:
    """Compute `D_k = k - (k+1) Y t_(k+1) / t_k` with `Y = t_1 / (t_1 + 2 t_2)`.

    Source: Chen and Goodman 1999, section 3 ("Modified Kneser-Ney smoothing").

    Args:
        ngrams: `t_1` to `t_4`, the number of n-grams with that count.

    Returns:
        None if one of the first three is 0, or a discount is not above 0.
    """
    if not all(ngrams[:3]):
        return None
    share = ngrams[0] / (ngrams[0] + 2 * ngrams[1])
    one, two, three = (k - (k + 1) * share * ngrams[k] / ngrams[k - 1] for k in (1, 2, 3))
    return (one, two, three) if min(one, two, three) > 0 else None


def _discounts(order: int, counts: np.ndarray) -> Discounts:
    ngrams = np.bincount(counts[counts < 5], minlength=5)[1:].tolist()
    discounts = closed_form(ngrams)
    if discounts is None:
        log.warning(
            "n-grams of order %d: no discounts can be estimated from %s n-grams with counts of"
            " 1, 2, 3, 4; using %s",
            order,
            ", ".join(map(str, ngrams)),
            ", ".join(map(str, FALLBACK)),
        )
    return discounts or FALLBACK
