"""Sampling: translations at random, distributed as the model predicts."""

import hashlib
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import PADDING
from nmt.runtime.errors import require
from nmt.search import limits as length
from nmt.search.checks import check_length
from nmt.search.hypothesis import Hypothesis
from nmt.search.search import Scorer
from nmt.search.stepwise import search_stepwise
from nmt.search.top_k import best


@dataclass(frozen=True)
class Sample:
    """Samples each next piece from the softmax of logits / temperature, cut by top-k, then top-p.

    The samples of a sentence depend on `seed` and on its own pieces alone, not on its position in
    the text: equal lines get equal translations, another seed gives others. Samples are
    independent, so that two of a sentence may be the same; the first ones do not depend on how
    many there are. Log-probabilities are the model's own, at temperature 1 and uncut.

    Attributes:
        temperature: above 1 flattens the distribution, below 1 sharpens it.
        top_k: samples only from that many most probable pieces; 0 allows all.
        top_p: samples only from the smallest set of most probable pieces that together have at
            least this probability (Holtzman et al. 2020, "The Curious Case of Neural Text
            Degeneration", section 3.1); 1 allows all.
        seed: of the random numbers.
        best: samples of each sentence, returned best first.
        length_factor: pieces that a translation may have for each piece of the source.
        length_extra: pieces that it may have above that.
    """

    temperature: float
    top_k: int
    top_p: float
    seed: int
    best: int
    length_factor: float
    length_extra: int

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ConfigurationError: if one is out of range.
        """
        check_length(self.length_factor, self.length_extra)
        greedy = "more than 0 (search=greedy is the limit at 0)"
        require(self.temperature > 0, "search.temperature", self.temperature, greedy)
        require(self.top_k >= 0, "search.top_k", self.top_k, "1 or more, or 0 for all pieces")
        require(0 < self.top_p <= 1, "search.top_p", self.top_p, "more than 0 and at most 1")
        require(self.best >= 1, "search.best", self.best, "1 or more")

    def __call__(
        self, scorer: Scorer, source: Int[Tensor, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Return the samples of each sentence, the most probable first.

        Raises:
            ModelError: if the model's log-probabilities are not finite.
        """
        limits = length.limits(source, self.length_factor, self.length_extra)
        noise = self.noise(source, int(limits.max()) + 1)

        def choose(
            log_probabilities: Float[Tensor, "rows choices"],
            numbers: Int[Tensor, " rows"],
            position: int,
        ) -> Int[Tensor, " rows"]:
            return pick(self.probabilities(log_probabilities), noise[numbers, position])

        samples = search_stepwise(scorer, source, self.best, limits, choose)
        return [sorted(each, key=lambda sample: (-sample.score, sample.ids)) for each in samples]

    def noise(
        self, source: Int[Tensor, "batch source"], positions: int
    ) -> Float[Tensor, "rows positions"]:
        """Return each row's numbers in [0, 1), seeded by the content of its sentence."""
        generator = torch.Generator()
        rows = []
        for ids in source.tolist():
            pieces = [piece for piece in ids if piece != PADDING]
            for sample in range(self.best):
                content = repr((self.seed, sample, pieces)).encode()
                digest = hashlib.blake2b(content, digest_size=8).digest()
                generator.manual_seed(int.from_bytes(digest, "big") >> 1)
                rows.append(torch.rand(positions, generator=generator, dtype=torch.float64))
        return torch.stack(rows).to(source.device)

    def probabilities(
        self, log_probabilities: Float[Tensor, "rows choices"]
    ) -> Float[Tensor, "rows choices"]:
        """Return the probabilities to sample with; 0 where top-k or top-p cut."""
        probabilities = torch.softmax(log_probabilities.double() / self.temperature, dim=1)
        if self.top_k:
            values, columns = best(probabilities, self.top_k)
            probabilities = torch.zeros_like(probabilities).scatter(1, columns, values)
            probabilities = probabilities / probabilities.sum(dim=1, keepdim=True)
        if self.top_p < 1:
            values, columns = probabilities.sort(dim=1, descending=True, stable=True)
            before = values.cumsum(dim=1) - values
            values = values.masked_fill(before >= self.top_p, 0)
            probabilities = torch.zeros_like(probabilities).scatter(1, columns, values)
        return probabilities


def pick(
    probabilities: Float[Tensor, "rows choices"], noise: Float[Tensor, " rows"]
) -> Int[Tensor, " rows"]:
    """Return the column in which each row's number in [0, 1) falls; rows need not sum to 1."""
    heights = probabilities.cumsum(dim=1)
    falls = (noise * heights[:, -1]).unsqueeze(1)
    return torch.searchsorted(heights, falls, right=True).squeeze(1).clamp(max=heights.shape[1] - 1)
