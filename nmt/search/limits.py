"""How long a translation may become."""

from jaxtyping import Int
from torch import Tensor

from nmt.data.special_ids import PADDING
from nmt.search.checks import MOST


def limits(source: Int[Tensor, "batch source"], factor: float, extra: int) -> Int[Tensor, " batch"]:
    """Give the most pieces, END apart, that each sentence's translation may have; at least 1.

    It is `factor` times the pieces of the source (END, if it is there, is one) plus `extra`.
    A hypothesis that has so many pieces can only end: its next piece is END.
    """
    pieces = (source != PADDING).sum(dim=1)
    return (pieces * factor + extra).clamp(1, MOST).long()
