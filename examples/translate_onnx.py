"""Translates standard input with onnxruntime, sentencepiece and numpy alone: no torch, no nmt.

    python -m nmt.export run=runs/default output=exported
    echo 'Ein Mann sitzt.' | python examples/translate_onnx.py exported

The search is greedy, one sentence at a time, and text is read as it is: nmt leaves out invisible
characters before (`nmt/data/text/cleaning.py`). `encoder.onnx` takes `source`, ids that end in END,
and returns a memory and the decoder's first state. `step.onnx` takes these, the previous piece and
`count`, and returns the best next pieces and the next state: the output `next_state_0` of a step
is the input `state_0` of the next one.
"""

import sys
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession
from sentencepiece import SentencePieceProcessor

BEGIN, END = 2, 3

Arrays = dict[str, np.ndarray]


def tokenizer(folder: Path, side: str) -> SentencePieceProcessor:
    """Read the vocabulary of `source` or `target`, which may be joint."""
    joint = folder / "sentencepiece.model"
    path = joint if joint.exists() else folder / f"sentencepiece.{side}.model"
    return SentencePieceProcessor(model_file=str(path))


def run(graph: InferenceSession, inputs: Arrays) -> Arrays:
    """Return the outputs of a graph by their names, without the logits of all pieces."""
    names = [output.name for output in graph.get_outputs() if output.name != "logits"]
    return dict(zip(names, graph.run(names, inputs), strict=True))


def translate(encoder: InferenceSession, step: InferenceSession, source: list[int]) -> list[int]:
    """Return the pieces of a translation, at most twice as many as the source's, plus ten."""
    state = run(encoder, {"source": np.array([[*source, END]])})
    for name in [name for name in state if name.startswith("state_")]:
        state[name] = state[name][:, None]  # an axis for the hypotheses, of which there is one
    target = [BEGIN]
    while target[-1] != END and len(target) <= 2 * (len(source) + 1) + 10:
        outputs = run(step, {"ids": np.array([target[-1:]]), "count": np.array([1]), **state})
        target.append(int(outputs["best_ids"][0, 0]))
        state |= {name: outputs[f"next_{name}"] for name in state if name.startswith("state_")}
    return [piece for piece in target if piece not in (BEGIN, END)]


if __name__ == "__main__":
    exported = Path(sys.argv[1])
    encoder, step = (InferenceSession(exported / f"{name}.onnx") for name in ("encoder", "step"))
    source, target = tokenizer(exported, "source"), tokenizer(exported, "target")
    for line in sys.stdin:
        ids = source.encode(line.strip())
        sys.stdout.write(f"{target.decode(translate(encoder, step, ids)) if ids else ''}\n")
