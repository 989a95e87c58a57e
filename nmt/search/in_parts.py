"""A search whose batch does not fit into memory, made of parts of the batch."""

from itertools import chain

from jaxtyping import Int
from torch import Tensor

from nmt.runtime.out_of_memory import retry_in_halves
from nmt.search.hypothesis import Hypothesis
from nmt.search.search import Scorer, Search


def in_parts(
    search: Search, scorer: Scorer, source: Int[Tensor, "batch source"], advice: str
) -> list[list[Hypothesis]]:
    """Search all sentences at once, or where memory does not suffice, half of them at a time.

    What a sentence gets does not depend on the others of its batch.

    Args:
        search: finds translations.
        scorer: the model or models.
        source: ids of the sentences.
        advice: what the user may do where not even one sentence fits.

    Raises:
        NmtError: if a single sentence does not fit.
    """
    found = retry_in_halves(lambda rows: search(scorer, source[rows]), len(source), advice)
    return list(chain.from_iterable(found))
