"""Probabilities of n-grams by interpolated, modified Kneser-Ney smoothing."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmt.data.ragged import Ragged
from nmt.data.special_ids import BEGIN, PADDING
from nmt.models.language_models.ngrams.counts import adjusted
from nmt.models.language_models.ngrams.tables import NGramTables
from nmt.runtime.errors import require

FALLBACK = (0.5, 1.0, 1.5)
"""Discounts where the closed form has none, as KenLM's `--discount_fallback` has them."""

Discounts = tuple[float, float, float]
"""What is taken from counts of 1, of 2, and of 3 and more."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KneserNey:
    """Takes a little from each seen n-gram and gives it to its context's shorter n-grams.

    With the adjusted counts `a`, `p(w | h) = (a(h w) - D(a(h w))) / Σ_x a(h x) + b(h) p(w | h')`,
    where `h'` is `h` without its first piece and `b(h) = Σ_x D(a(h x)) / Σ_x a(h x)`. Below the
    unigrams all pieces but PADDING and BEGIN are equally probable.

    Source: Chen and Goodman 1999, section 3; orders and BEGIN as Heafield et al. 2013, section 3.

    Attributes:
        order: pieces of the longest n-grams.

    Raises:
        ConfigurationError: if the order is no whole number, 1 or more.
    """

    order: int

    def __post_init__(self) -> None:
        """Refuse an order that no n-gram has."""
        whole = type(self.order) is int and self.order >= 1
        require(whole, "model.order", self.order, "a whole number, 1 or more")

    def __call__(self, lines: Ragged, pieces: int) -> NGramTables:
        """Estimate from lines of ids without BEGIN and END.

        Raises:
            CorpusError: if there is no line, or an id that no text has.
        """
        keys, logarithms, backoffs = [], [], []
        probabilities = np.full(1, 1 / (pieces - 2))
        for number, level in enumerate(adjusted(lines, pieces, self.order), start=1):
            contexts = level.keys // pieces
            taken = np.array([0.0, *_discounts(number, level.counts)])[np.minimum(level.counts, 3)]
            rows = len(probabilities)
            total = np.maximum(np.bincount(contexts, level.counts, rows), 1)
            left = np.bincount(contexts, taken, rows)
            weights = left / total
            seen = (level.counts - taken) / total[contexts]
            probabilities = seen + weights[contexts] * probabilities[level.suffixes]
            if number == 1:
                probabilities[[PADDING, BEGIN]] = 0
            else:
                # A context that is never continued passes everything on.
                backoffs.append(np.log(np.where(left > 0, weights, 1)))
            keys.append(level.keys)
            with np.errstate(divide="ignore"):
                logarithms.append(np.log(probabilities))
        return NGramTables(pieces, tuple(keys), tuple(logarithms), tuple(backoffs))


def closed_form(ngrams: Sequence[int]) -> Discounts | None:
    """Compute `D_k = k - (k+1) Y t_(k+1) / t_k` with `Y = t_1 / (t_1 + 2 t_2)`.

    Source: Chen and Goodman 1999, section 3 ("Modified Kneser-Ney smoothing").

    Args:
        ngrams: `t_1` to `t_4`, how many n-grams have that count.

    Returns:
        None if one of the first three is 0, or a discount is not above 0.
    """
    if not all(ngrams[:3]):
        return None
    share = ngrams[0] / (ngrams[0] + 2 * ngrams[1])
    one, two, three = (k - (k + 1) * share * ngrams[k] / ngrams[k - 1] for k in (1, 2, 3))
    return (one, two, three) if min(one, two, three) > 0 else None


def _discounts(number: int, counts: np.ndarray) -> Discounts:
    ngrams = np.bincount(counts[counts < 5], minlength=5)[1:].tolist()
    found = closed_form(ngrams)
    if found is None:
        log.warning(
            "n-grams of order %d: %s with counts of 1, 2, 3, 4 give no discounts; taken: %s",
            number,
            ", ".join(map(str, ngrams)),
            ", ".join(map(str, FALLBACK)),
        )
    return found or FALLBACK
