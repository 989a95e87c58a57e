"""Text generation by a language model, piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import BEGIN, END, UNKNOWN
from nmt.data.tokenization.tokenizer import Tokenizer
from nmt.models.language_models.language_model import PieceLanguageModel
from nmt.runtime import checks
from nmt.runtime.control_characters import CONTROL_CHARACTERS, cleaned
from nmt.runtime.errors import ConfigurationError
from nmt.search.sample import Sample, pick
from nmt.search.top_k import allowed

SHOWN = 5  # characters that a message names


@dataclass(frozen=True)
class TextGenerator:
    """Generates pieces until END, or until there are enough.

    Attributes:
        temperature: of the softmax that is sampled from; 0 takes the most probable piece.
        top_k: number of most probable pieces that are sampled from; 0 is all.
        top_p: probability of the smallest set of pieces that is sampled from; 1 is all.
        seed: of the samples.
        max_pieces: of the generated text.
    """

    temperature: float
    top_k: int
    top_p: float
    seed: int
    max_pieces: int

    def __post_init__(self) -> None:
        """Validate the values."""
        checks.at_least("temperature", self.temperature, 0)
        checks.finite("temperature", self.temperature)
        checks.integer("top_k", self.top_k, 0)
        checks.fraction("top_p", self.top_p)
        checks.above("top_p", self.top_p, 0)
        checks.seed("seed", self.seed)
        checks.integer("max_pieces", self.max_pieces, 1)

    def __call__(
        self, model: PieceLanguageModel, tokenizer: Tokenizer, prompt: str, device: torch.device
    ) -> Iterator[str]:
        """Yield text as it is generated, the prompt first; together the parts are a line.

        Raises:
            ConfigurationError: if the prompt has characters that the vocabulary lacks.
        """
        ids = known(tokenizer, cleaned(prompt))
        state = model.start(1)
        row, state = model.step(torch.tensor([BEGIN], device=device), state)
        for piece in ids:
            row, state = model.step(torch.tensor([piece], device=device), state)
        shown = CONTROL_CHARACTERS.sub(" ", tokenizer.decode(ids))
        yield shown
        generator = torch.Generator().manual_seed(self.seed)
        for _ in range(self.max_pieces):
            columns, choices = allowed(row.cpu(), None)
            piece = int(choices[self._choose(columns, generator)])
            if piece == END:
                return
            ids = [*ids, piece]
            text = CONTROL_CHARACTERS.sub(" ", tokenizer.decode(ids))
            # A character that is written in bytes is complete with its last byte.
            if text.startswith(shown) and not text.endswith("\ufffd"):
                yield text[len(shown) :]
                shown = text
            row, state = model.step(torch.tensor([piece], device=device), state)

    def _choose(
        self, logits: Float[Tensor, "one choices"], generator: torch.Generator
    ) -> Int[Tensor, " one"]:
        if self.temperature == 0:
            return logits.argmax(dim=1)
        noise = torch.rand(1, generator=generator, dtype=torch.float64)
        sample = Sample(self.temperature, self.top_k, self.top_p, self.seed, 1, 0.0, 0)
        return pick(sample.probabilities(logits), noise)


def known(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the ids of text whose characters the vocabulary has.

    Raises:
        ConfigurationError: naming those that it lacks.
    """
    ids = tokenizer.encode(text)
    if UNKNOWN in ids:
        distinct: Sequence[str] = list(dict.fromkeys(text))
        lacking = [one for one in distinct if UNKNOWN in tokenizer.encode(one)] or distinct
        names = ", ".join(map(repr, lacking[:SHOWN])) + (" …" if len(lacking) > SHOWN else "")
        raise ConfigurationError(
            f"prompt={text}: the model's vocabulary has no piece for {names}; leave them out"
        )
    return ids
