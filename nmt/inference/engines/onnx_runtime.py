"""ONNX Runtime without torch: models that `nmt.export` wrote."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from nmt.config.instantiate import instantiate
from nmt.data.lexicon.lexicon import TranslationLexicon
from nmt.data.special_ids import END
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.inference.engines.engine import EngineOptions
from nmt.inference.engines.limits import limit_memory, time_limit
from nmt.inference.line_translator import LineTranslator
from nmt.inference.search_memory import fitted
from nmt.inspection import lexicon
from nmt.inspection.exported_folder import COLUMNS, ENCODER, LISTED, STEP, inspect
from nmt.runtime import cpus
from nmt.runtime.errors import ConfigurationError, MissingExtraError, ModelError, require
from nmt.runtime.out_of_memory import is_out_of_memory, retry_in_halves
from nmt.runtime.worker_pool import CAN_FORK, WorkerPool, resolve_count
from nmt.search.arrays.beam import Beam
from nmt.search.arrays.scorer import BestPieces
from nmt.search.hypothesis import Hypothesis
from nmt.search.shortlists.shortlist import Choose

SEARCHES: dict[object, dict[str, object]] = {
    "nmt.search.beam.Beam": {},
    "nmt.search.greedy.Greedy": {
        "size": 1,
        "best": 1,
        "length_penalty": {"_target_": "nmt.search.length_penalties.none.NoLengthPenalty"},
    },
}
"""The further values of a beam search over arrays that does what a search over tensors does."""

ADVICE = "give smaller search.size or long_lines.max_pieces, or close other programs"
MOST_THREADS = 1024
BEST = ("best_logits", "best_ids", "end", "normalizer")
NEXT = "next_"  # prefix of the tensors of the state after a step


@dataclass(frozen=True)
class OnnxRuntimeEngine:
    """Runs one exported model on the CPU."""

    def inspect(self, options: EngineOptions) -> Callable[[], LineTranslator]:
        """Inspect the exported model, and return what loads it.

        Raises:
            NmtError: if it does not exist or must not be used, or something is asked for that only
                torch has: an ensemble, fusion, another search or device.
        """
        alone = "one exported model; engine=torch runs several together"
        require(len(options.runs) == 1, "run", options.runs, alone)
        fusion = options.fusion["run"]
        require(fusion is None, "fusion.run", fusion, "none, as only engine=torch has fusion")
        cpu = options.device in ("auto", "cpu")
        require(cpu, "device", options.device, "cpu, as only engine=torch runs on others")
        precision = options.precision["_target_"]
        exact = precision == "nmt.models.precision.Float32Precision"
        expected = "float32, as nmt.export chose the format of what is computed"
        require(exact, "precision", precision, expected)
        folder = Path(options.runs[0])
        return partial(_load, folder, inspect(folder), _search(options.search), options)


def _load(
    folder: Path, graphs: dict[str, bytes], search: Beam, options: EngineOptions
) -> LineTranslator:
    tokenizers = Tokenizers.load(folder)
    number = resolve_count(options.workers, options.threads, "cpu", cpus.count())
    require(number == 1 or CAN_FORK, "workers", number, "1, as sessions cannot be sent to others")
    # A session of one thread has no threads of its own, and can be copied with its process.
    threads = 1 if number > 1 else options.threads
    sizes = (tokenizers.source.size, tokenizers.target.size)
    choose = instantiate(options.shortlist)(partial(_lexicon, folder, *sizes))
    scorer = ExportedModel.load(graphs, sizes[1], threads, choose)

    def find(padded: list[list[int]]) -> list[list[Hypothesis]]:
        source = np.array(padded, dtype=np.int64)
        parts = retry_in_halves(lambda rows: search(scorer, source[rows]), len(source), ADVICE)
        return [hypotheses for part in parts for hypotheses in part]

    workers = partial(WorkerPool, find, number, find)
    windows = fitted(options.windows, search, sizes[1], number)
    return LineTranslator(workers, tokenizers, options.sentences, options.long_lines, windows)


def _lexicon(folder: Path, source_pieces: int, target_pieces: int) -> TranslationLexicon:
    if not (folder / lexicon.NAME).exists():
        raise ModelError(
            f"{folder / lexicon.NAME} is missing: the model was exported without one; translate"
            " with shortlist=none, or train it again and export it"
        )
    return TranslationLexicon.load(folder / lexicon.NAME, source_pieces, target_pieces)


def _search(description: Mapping[str, Any]) -> Beam:
    target = description.get("_target_")
    if target not in SEARCHES:
        raise ConfigurationError(
            f"search {target} runs with engine=torch alone; engine=onnxruntime has search=beam"
            " and search=greedy"
        )
    beam = "nmt.search.arrays.beam.Beam"
    search: Beam = instantiate({**description, **SEARCHES[target], "_target_": beam})
    return search


@dataclass(frozen=True)
class ExportedState:
    """The state of an exported model in a search.

    Attributes:
        batch: number of sentences.
        memory: by the names of the graph's inputs, one row for each sentence.
        recurrent: likewise, one row for each hypothesis.
        columns: likewise, of the output, the same for all sentences.
        pieces: number of pieces to choose from.
    """

    batch: int
    memory: dict[str, np.ndarray]
    recurrent: dict[str, np.ndarray]
    columns: dict[str, np.ndarray]
    pieces: int


@dataclass(frozen=True)
class ExportedModel:
    """Sessions of ONNX Runtime as a scorer of searches over arrays.

    Attributes:
        encoder: session that computes memory and state from ids.
        step_session: session that ranks the next pieces.
        pieces: number of pieces to choose from without shortlists.
        shortlists: None if all pieces are allowed.
    """

    encoder: Any
    step_session: Any
    pieces: int
    shortlists: "ShortlistColumns | None"

    @classmethod
    def load(
        cls, graphs: dict[str, bytes], pieces: int, threads: object, choose: Choose | None
    ) -> "ExportedModel":
        """Create the sessions of inspected graphs.

        Args:
            graphs: by file name.
            pieces: size of the target vocabulary.
            threads: of each session; None for one per core.
            choose: returns the shortlists of a batch; None if all pieces are allowed.

        Raises:
            NmtError: if onnxruntime is not installed, a graph is invalid, or `threads` is out of
                range.
        """
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtraError("onnxruntime", "onnx") from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # All errors are raised too.
        limit_memory(options)
        # Only the format that was inspected; onnxruntime would read its own formats as well.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        if threads is not None:
            fits = type(threads) is int and 1 <= threads <= MOST_THREADS
            require(fits, "threads", threads, f"a whole number, 1 to {MOST_THREADS}")
            options.intra_op_num_threads = threads

        def session(name: str) -> Any:
            with _explained():
                return onnxruntime.InferenceSession(
                    graphs[name], sess_options=options, providers=["CPUExecutionProvider"]
                )

        encoder = session(ENCODER)
        if choose is None:
            return cls(encoder, session(STEP), pieces - END, None)
        shortlists = ShortlistColumns(session(COLUMNS), choose)
        return cls(encoder, session(LISTED), pieces - END, shortlists)

    def start(self, source: Int[np.ndarray, "batch source"]) -> ExportedState:
        """Encode sentences, padded with PADDING."""
        with time_limit(ENCODER) as run_options:
            memory = _run(self.encoder, {"source": source}, run_options)
        recurrent = {name: memory.pop(name) for name in [*memory] if name.startswith("state_")}
        if self.shortlists is None:
            return ExportedState(len(source), memory, recurrent, {}, self.pieces)
        columns, allowed = self.shortlists(source)
        memory["allowed"] = allowed
        return ExportedState(len(source), memory, recurrent, columns, allowed.shape[1])

    def step(
        self, ids: Int[np.ndarray, " rows"], state: ExportedState, count: int
    ) -> tuple[BestPieces, ExportedState]:
        """Append a piece to each row; return the `count` best next ones, or all there are."""
        batch = state.batch
        inputs = {
            "ids": ids.reshape(batch, -1),
            "count": np.array([min(count, state.pieces)]),
            **state.memory,
            **state.columns,
        }
        for name, part in state.recurrent.items():
            inputs[name] = part.reshape(batch, -1, part.shape[-1])
        outputs = _run(self.step_session, inputs)
        after = {name: outputs[f"{NEXT}{name}"] for name in state.recurrent}
        logits, best_ids, end, normalizer = (outputs[name] for name in BEST)
        # onnxruntime's type of 64-bit integers has another name, though numpy holds it equal.
        best = BestPieces(logits, best_ids.view(np.int64), end, normalizer)
        return best, replace(state, recurrent=after)

    def reorder(self, state: ExportedState, rows: Int[np.ndarray, " kept"]) -> ExportedState:
        """Select rows of the recurrent state; memory belongs to sentences."""
        return replace(state, recurrent=_select(state.recurrent, rows))

    def keep(
        self,
        state: ExportedState,
        sentences: Int[np.ndarray, " left"],
        rows: Int[np.ndarray, " kept"],
    ) -> ExportedState:
        """Select sentences of the memory, and rows."""
        memory = {name: part[sentences] for name, part in state.memory.items()}
        recurrent = _select(state.recurrent, rows)
        return replace(state, batch=len(sentences), memory=memory, recurrent=recurrent)


@dataclass(frozen=True)
class ShortlistColumns:
    """Selects the output's columns of a batch's shortlists.

    Attributes:
        session: computes the columns from the ids of pieces.
        choose: returns the shortlists.
    """

    session: Any
    choose: Choose

    def __call__(
        self, source: Int[np.ndarray, "batch source"]
    ) -> tuple[dict[str, np.ndarray], Bool[np.ndarray, "batch listed"]]:
        """Return inputs of a step by name, and which columns each sentence may use."""
        listed = self.choose(source)
        return {"listed": listed.ids, **_run(self.session, {"listed": listed.ids})}, listed.mask


def _run(
    session: Any, inputs: dict[str, np.ndarray], run_options: Any = None
) -> dict[str, np.ndarray]:
    """Return all outputs of a graph by name."""
    names = [output.name for output in session.get_outputs()]
    with _explained():
        return dict(zip(names, session.run(names, inputs, run_options), strict=True))


@contextmanager
def _explained() -> Iterator[None]:
    """Replace errors of onnxruntime, except those of exhausted memory.

    Raises:
        ModelError: with the reason and what to do.
    """
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())
        message = f"onnxruntime cannot run a graph ({reason}); export the model again"
        raise ModelError(message) from error


def _select(state: dict[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: part.reshape(-1, part.shape[-1])[rows] for name, part in state.items()}
