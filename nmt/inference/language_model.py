"""Scores and text of a language model: `LanguageModel.load(run).score(lines)`, `.generate()`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import LanguageModelScorer, ScoredLine
from nmt.inference.generation import TextGenerator
from nmt.inspection.model_folder import inspect
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.runtime.device import choose


@dataclass(frozen=True)
class LanguageModel:
    """A trained language model; thread-safe, as calls change nothing in it.

    Example, with the model that `python -m nmt.train_language_model` writes:
        >>> model = LanguageModel.load("runs/language_model")
        >>> [nats < 0 for nats in model.score(["The dog sleeps.", ""])]
        [True, True]
        >>> model.generate("The woman", temperature=0.8, seed=3)
        'The woman...'

    Attributes:
        scorer: holds the model, its tokenizer and its device.
    """

    scorer: LanguageModelScorer

    @classmethod
    def load(
        cls,
        run: str | Path,
        windows: LineWindows | None = None,
        device: str = "auto",
        trust: Sequence[str] = (),
    ) -> "LanguageModel":
        """Load the language model in the folder of a run.

        Args:
            run: the folder.
            windows: bounds how many lines are in memory at once; None is `LineWindows()`.
            device: `auto` is CUDA if there is a GPU, else the CPU; or `cpu`, `cuda`, `cuda:1`.
            trust: packages of the user's own whose classes the model may name.

        Raises:
            ModelError: if the model is missing, altered or not allowed.
            ConfigurationError: if the device does not exist.
        """
        chosen = choose(device)
        saved = SavedLanguageModel.load(inspect(Path(run), ("language_model",), trust), chosen)
        return cls(
            LanguageModelScorer(saved.model, saved.tokenizer, windows or LineWindows(), chosen)
        )

    def score(self, lines: Iterable[str]) -> list[float]:
        """Return the log-probability of each line with its end, in nats."""
        likelihoods = self.scorer(ScoredLine(line, "") for line in lines)
        return [likelihood.log_probability for likelihood in likelihoods]

    def generate(
        self,
        prompt: str = "",
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 1,
        max_pieces: int = 200,
    ) -> str:
        """Return a line that begins with the prompt; the values are those of `TextGenerator`.

        Raises:
            ConfigurationError: if a value is out of range, or the vocabulary lacks a character.
        """
        generator = TextGenerator(temperature, top_k, top_p, seed, max_pieces)
        scorer = self.scorer
        return "".join(generator(scorer.model, scorer.tokenizer, prompt, scorer.device))
