"""Train and score the language models of docs/language-models.md, and print the table.

    python benchmarks/language_models.py [FOLDER] [CORES]

FOLDER (`runs/language`) receives a run for each model, and `table.json` with all numbers. CORES (2)
is the number of simultaneous trainings, each on one thread. Finished trainings are not repeated.
Multi30k is left out, with a message, unless `python -m nmt.download multi30k` was run before.
"""

import json
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nmt.data.text import streams
from nmt.data.text.invalid_text.stop import StopAtInvalidText
from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import LikelihoodTotal, ScoredLine, load_scorer
from nmt.inspection.model_folder import inspect
from nmt.runtime import provenance
from nmt.runtime.device import choose

TESTS = {
    "starter": "starter:test",
    "multi30k": "data/multi30k/test_2016_flickr.en",
}
MODELS = {
    **{f"{order}-gram": ("language_model=ngram", f"model.order={order}") for order in range(1, 6)},
    "feedforward": ("language_model=feedforward",),
    "elman": ("model/cell=elman",),
    "irnn": ("model/cell=irnn",),
    "gru": ("model/cell=gru",),
    "lstm": ("model/cell=lstm",),
}
HEADER = (
    "| corpus | model | parameters | training, s | pieces/s | perplexity per piece | per word |"
)


def main(folder: Path, cores: int) -> None:
    """Train the missing models, `cores` at a time, then score all."""
    corpora = [name for name in TESTS if name == "starter" or Path(TESTS[name]).exists()]
    for missing in TESTS.keys() - set(corpora):
        print(f"{missing} is left out: python -m nmt.download {missing}", file=sys.stderr)  # noqa: T201
    # So that no two trainings prepare the same corpus.
    for corpus in corpora:
        _run("prepare", f"data={corpus}")
    jobs = [(corpus, name) for corpus in corpora for name in reversed(MODELS)]
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(lambda job: _train(folder, *job), jobs))
    rows = [_row(folder, corpus, name) for corpus in corpora for name in MODELS]
    machine = {
        "machine": provenance.machine(choose("cpu")),
        "commit": provenance.commit(),
        "cores": cores,
    }
    (folder / "table.json").write_text(json.dumps({**machine, "rows": rows}, indent=1) + "\n")
    print("\n".join([HEADER, "| --- | --- | --: | --: | --: | --: | --: |", *map(_line, rows)]))  # noqa: T201


def _train(folder: Path, corpus: str, name: str) -> None:
    experiment = f"language_experiment={corpus}"
    _run("train_language_model", experiment, *MODELS[name], f"run={folder / corpus / name}")


def _run(command: str, *arguments: str) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", f"nmt.{command}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{command} {' '.join(arguments)}: {done.stderr}")


def _row(folder: Path, corpus: str, name: str) -> dict[str, object]:
    run = folder / corpus / name
    scores = json.loads((run / "scores.json").read_text())
    model, total = inspect(run, ("language_model",), ()), LikelihoodTotal()
    scorer = load_scorer(model, LineWindows(1024, 1000000, 64, 4096), choose("cpu"))
    lines = streams.read(TESTS[corpus], ".en", StopAtInvalidText())
    for likelihood in scorer(ScoredLine(text, "") for text in lines):
        total.add(likelihood)
    if (run / "metrics.jsonl").exists():
        records = [json.loads(line) for line in (run / "metrics.jsonl").open()]
        seconds = records[-1]["seconds"]
        rates = [row["target_pieces_per_second"] for row in records if row["kind"] == "update"]
        rate = statistics.median(rates)
    else:
        seconds, rate = scores["seconds"], scores["pieces"] / scores["seconds"]
    return {
        "corpus": corpus,
        "model": name,
        "weights": scores["weights"],
        "seconds": seconds,
        "pieces_per_second": rate,
        **total.values(),
    }


def _line(row: dict[str, object]) -> str:
    return (
        "| {corpus} | {model} | {weights:,} | {seconds:.3g} | {pieces_per_second:,.0f} |"
        " {perplexity:.2f} | {word_perplexity:.1f} |".format(**row)
    )


if __name__ == "__main__":
    arguments = dict(enumerate(sys.argv[1:]))
    main(Path(arguments.get(0, "runs/language")), int(arguments.get(1, "2")))
