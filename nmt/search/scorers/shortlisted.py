"""One model's opinion of the next piece, of those alone that a sentence's shortlist has."""

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
    """What one model carries, and what its batch may write.

    Attributes:
        single: the model's state.
        ids: pieces that are in some sentence's list.
        columns: of the output, for these.
        barred: for each sentence minus infinity where a piece is not in its own list, else 0.
    """

    single: SingleModelState
    ids: Int[Tensor, " choices"]
    columns: OutputColumns
    barred: Float[Tensor, "batch choices"]


@dataclass(frozen=True)
class Shortlisted:
    """Asks one model, at rest, for logits of listed pieces alone.

    Probabilities are those of a softmax over the sentence's own list.

    Attributes:
        model: encodes once a sentence, decodes step by step.
        choose: makes the lists of a batch.
    """

    model: TranslationModel
    choose: Choose

    @torch.inference_mode()
    def start(self, source: Int[Tensor, "batch source"]) -> ShortlistedState:
        """Encode the sentences, and take the output's rows for what they may become."""
        listed = self.choose(source.cpu().numpy())
        ids = torch.from_numpy(listed.ids).to(source.device)
        allowed = torch.from_numpy(listed.mask).to(source.device)
        barred = torch.zeros(allowed.shape, device=source.device)
        return ShortlistedState(
            SingleModel(self.model).start(source),
            ids,
            self.model.columns(ids),
            barred.masked_fill_(~allowed, -torch.inf),
        )

    def choices(self, state: ShortlistedState) -> Int[Tensor, " choices"]:
        """Give the pieces of all lists together."""
        return state.ids

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: ShortlistedState
    ) -> tuple[Float[Tensor, "rows choices"], ShortlistedState]:
        """Take in one piece a row and give the next one's logits, in each row its own."""
        single = state.single
        readouts, recurrent = self.model.step(ids, single.recurrent, single.memory)
        logits = state.columns(readouts).float().view(len(state.barred), -1, len(state.ids))
        own = (logits + state.barred.unsqueeze(1)).flatten(0, 1)
        return own, replace(state, single=replace(single, recurrent=recurrent))

    def reorder(self, state: ShortlistedState, rows: Int[Tensor, " kept"]) -> ShortlistedState:
        """Take the recurrent state's rows; lists are a sentence's and stay."""
        return replace(state, single=SingleModel(self.model).reorder(state.single, rows))

    @torch.inference_mode()
    def keep(
        self, state: ShortlistedState, sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]
    ) -> ShortlistedState:
        """Drop the memory and the lists of the other sentences."""
        return replace(
            state,
            single=SingleModel(self.model).keep(state.single, sentences, rows),
            barred=state.barred.index_select(0, sentences),
        )
