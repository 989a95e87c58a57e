"""Translates standard input with onnxruntime and sentencepiece alone: no torch, and no nmt.

    python -m nmt.export run=runs/default output=exported
    echo 'Ein Mann sitzt.' | python docs/translate_onnx.py exported

It searches greedily, one sentence at a time. `encoder.onnx` takes `source`, ids with END at their
end, and gives a memory and the decoder's first state. `step.onnx` takes these, the piece before
and `count`, and gives the best next pieces and the state after them: the output `next_state_0`
of a step is the input `state_0` of the next one.
"""

import sys
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession
from sentencepiece import SentencePieceProcessor

BEGIN, END = 2, 3


def pieces(folder: Path, side: str) -> SentencePieceProcessor:
    """Read the vocabulary of `source` or `target`, which may be joint."""
    joint = folder / "sentencepiece.model"
    path = joint if joint.exists() else folder / f"sentencepiece.{side}.model"
    return SentencePieceProcessor(model_file=str(path))


def run(graph: InferenceSession, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give a graph's outputs by their names, without the logits of all pieces."""
    names = [output.name for output in graph.get_outputs() if output.name != "logits"]
    return dict(zip(names, graph.run(names, given), strict=True))


def translate(encoder: InferenceSession, step: InferenceSession, source: list[int]) -> list[int]:
    """Give the pieces of a translation, of which there may be twice as many and ten."""
    state = run(encoder, {"source": np.array([[*source, END]])})
    for name in [name for name in state if name.startswith("state_")]:
        state[name] = state[name][:, None]  # an axis for the hypotheses: here there is one
    written = [BEGIN]
    while written[-1] != END and len(written) <= 2 * (len(source) + 1) + 10:
        given = {"ids": np.array([written[-1:]]), "count": np.array([1]), **state}
        found = run(step, given)
        written.append(int(found["best_ids"][0, 0]))
        state |= {name: found[f"next_{name}"] for name in state if name.startswith("state_")}
    return [piece for piece in written if piece not in (BEGIN, END)]


if __name__ == "__main__":
    exported = Path(sys.argv[1])
    graphs = [InferenceSession(exported / f"{name}.onnx") for name in ("encoder", "step")]
    source, target = pieces(exported, "source"), pieces(exported, "target")
    for line in sys.stdin:
        ids = source.encode(line.strip())
        sys.stdout.write(f"{target.decode(translate(*graphs, ids)) if ids else ''}\n")
