"""A search that splits its batch when memory runs out."""

from itertools import chain

from jaxtyping import Int
from torch import Tensor

from nmt.runtime.out_of_memory import retry_in_halves
from nmt.search.hypothesis import Hypothesis
from nmt.search.search import Scorer, Search


def in_parts(
    search: Search, scorer: Scorer, source: Int[Tensor, "batch source"], advice: str
) -> list[list[Hypothesis]]:
    """Search all sentences at once, or if memory runs out, half of them at a time.

    The result is the same, as a sentence's hypotheses do not depend on its batch.

    Args:
        search: finds the translations.
        scorer: the model or models.
        source: ids of the sentences.
        advice: what the user can do if not even one sentence fits.

    Raises:
        NmtError: if a single sentence does not fit.
    """
    parts = retry_in_halves(lambda rows: search(scorer, source[rows]), len(source), advice)
    return list(chain.from_iterable(parts))
