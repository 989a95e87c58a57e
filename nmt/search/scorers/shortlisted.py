"""Next-piece scores of one model, restricted to each sentence's shortlist."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.models.embeddings import OutputColumns
from nmt.models.translation_model import TranslationModel
from nmt.search.scorers.single import SingleModel, SingleModelState
from nmt.search.shortlists.shortlist import Choose


@dataclass(frozen=True)
class ShortlistedState:
    """The state of one model, and the shortlists of its batch.

    Attributes:
        single: the model's state.
        ids: pieces that are in some sentence's shortlist.
        columns: of the output, for these.
        penalty: for each sentence minus infinity where a piece is not in its own list, else 0.
    """

    single: SingleModelState
    ids: Int[Tensor, " choices"]
    columns: OutputColumns
    penalty: Float[Tensor, "batch choices"]


@dataclass(frozen=True)
class Shortlisted:
    """Computes logits of listed pieces alone.

    Probabilities are those of a softmax over the sentence's own shortlist.

    Attributes:
        model: in evaluation mode.
        choose: returns the shortlists of a batch.
    """

    model: TranslationModel
    choose: Choose

    @torch.inference_mode()
    def start(self, source: Int[Tensor, "batch source"]) -> ShortlistedState:
        """Encode the sentences, and select the output's rows of their shortlists."""
        listed = self.choose(source.cpu().numpy())
        ids = torch.from_numpy(listed.ids).to(source.device)
        allowed = torch.from_numpy(listed.mask).to(source.device)
        penalty = torch.zeros(allowed.shape, device=source.device)
        return ShortlistedState(
            SingleModel(self.model).start(source),
            ids,
            self.model.columns(ids),
            penalty.masked_fill_(~allowed, -torch.inf),
        )

    def choices(self, state: ShortlistedState) -> Int[Tensor, " choices"]:
        """Return the pieces of all shortlists together."""
        return state.ids

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: ShortlistedState
    ) -> tuple[Float[Tensor, "rows choices"], ShortlistedState]:
        """Append a piece to each row; return the logits of its own shortlist, and the state."""
        single = state.single
        readouts, recurrent = self.model.step(ids, single.recurrent, single.memory)
        logits = state.columns(readouts).float().view(len(state.penalty), -1, len(state.ids))
        own = (logits + state.penalty.unsqueeze(1)).flatten(0, 1)
        return own, replace(state, single=replace(single, recurrent=recurrent))

    def reorder(self, state: ShortlistedState, rows: Int[Tensor, " kept"]) -> ShortlistedState:
        """Select rows of the recurrent state; shortlists belong to sentences."""
        return replace(state, single=SingleModel(self.model).reorder(state.single, rows))

    @torch.inference_mode()
    def keep(
        self, state: ShortlistedState, sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]
    ) -> ShortlistedState:
        """Select sentences, their shortlists, and rows."""
        return replace(
            state,
            single=SingleModel(self.model).keep(state.single, sentences, rows),
            penalty=state.penalty.index_select(0, sentences),
        )
