"""How long a translation may become."""

from jaxtyping import Int
from torch import Tensor

from nmt.data.special_ids import PADDING
from nmt.search.checks import MOST


def limits(source: Int[Tensor, "batch source"], factor: float, extra: int) -> Int[Tensor, " batch"]:
    """Return the most pieces, END apart, of each sentence's translation; at least 1.

    That is `factor` times the pieces of the source (END included) plus `extra`. A hypothesis of
    that length can only end: its next piece is END.
    """
    pieces = (source != PADDING).sum(dim=1)
    return (pieces * factor + extra).clamp(1, MOST).long()
