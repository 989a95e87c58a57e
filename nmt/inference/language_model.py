"""Scores and text of a language model: `LanguageModel.load(run).score(lines)`, `.generate()`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import LanguageModelScorer, ScoredLine
from nmt.inference import arguments
from nmt.inference.generation import TextGenerator
from nmt.inspection.model_folder import inspect
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.runtime.device import choose
from nmt.runtime.errors import ArgumentError


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
        windows: LineWindows | str | None = None,
        device: str = "auto",
        trust: Sequence[str] = (),
    ) -> "LanguageModel":
        """Load the language model in the folder of a run.

        Args:
            run: the folder.
            windows: bounds how many lines are in memory at once: an object, or a name in
                `conf/windows`; None is what the commands take by default.
            device: `auto` is CUDA if there is a GPU, else the CPU; or `cpu`, `cuda`, `cuda:1`.
            trust: packages of the user's own whose classes the model may name.

        Raises:
            ModelError: if the model is missing, altered or not allowed.
            ConfigurationError: if the device does not exist.
        """
        chosen = choose(device)
        split = arguments.part("windows", windows, LineWindows)
        if not isinstance(run, str | Path):
            raise ArgumentError(f"run={run!r}: expected the folder of one language model")
        model = inspect(Path(run), ("language_model",), arguments.packages(trust))
        saved = SavedLanguageModel.load(model, chosen)
        return cls(LanguageModelScorer(saved.model, saved.tokenizer, split, chosen))

    @overload
    def score(self, lines: str) -> float: ...  # type: ignore[overload-overlap]

    @overload
    def score(self, lines: Iterable[str]) -> list[float]: ...

    def score(self, lines: str | Iterable[str]) -> float | list[float]:
        """Return the log-probability of each line with its end, in nats.

        Args:
            lines: a single str is one line, whose log-probability is returned as a float.

        Raises:
            ArgumentError: if a line is no str.
        """
        likelihoods = self.scorer(ScoredLine(line, "") for line in arguments.lines(lines))
        values = [likelihood.log_probability for likelihood in likelihoods]
        return values[0] if isinstance(lines, str) else values

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
        prompt = arguments.text("prompt", prompt)
        generator = TextGenerator(temperature, top_k, top_p, seed, max_pieces)
        scorer = self.scorer
        return "".join(generator(scorer.model, scorer.tokenizer, prompt, scorer.device))
