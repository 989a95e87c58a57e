"""What a command imports, since that is what its start costs: counted, as seconds are not exact."""

from helpers.imports import COMMAND, imported
from helpers.saved_models import LINES, save

COMPILER = {"torch._dynamo", "torch._inductor", "sympy", "networkx"}
PICTURES = {"matplotlib", "PIL", "pandas", "scipy", "tensorboard"}
CORPORA = {
    "pyarrow",
    "sacrebleu",
    "nmt.data.preparation.shards",
    "nmt.data.preparation.preparation",
    "nmt.evaluation.scores",
}
MODULES = 350
"""More than a translation imports besides what torch does: 290 with torch 2.13, hydra 1.3."""


def test_a_translation_imports_no_compiler_no_matplotlib_and_no_training(tmp_path):
    save(tmp_path / "run", 46)
    modules = imported(COMMAND, "nmt.translate", "run=run", cwd=tmp_path)
    assert "torch" in modules and "nmt.inference.translator" in modules
    assert not modules & (COMPILER | PICTURES | CORPORA)
    alone = imported("import sys, torch; print(*sys.modules, file=sys.stderr)", cwd=tmp_path)
    assert len(modules - alone) < MODULES


def test_a_model_is_refused_before_torch_is_imported(tmp_path):
    (tmp_path / "run").mkdir()
    code = COMMAND.replace("== 0", "== 2")
    assert not {"torch", "numpy"} & imported(code, "nmt.translate", "run=run", cwd=tmp_path)


def test_a_training_imports_no_compiler_and_no_matplotlib(tmp_path):
    words = ["data=files", "tokenizer.size=46", "updates=2", "model.hidden_size=8", "run=run"]
    for split in ("train", "valid"):
        for side in ("source", "target"):
            (tmp_path / f"{split}.{side}").write_text("".join(f"{line}\n" for line in LINES))
            words.append(f"data.{split}.{side}=[{split}.{side}]")
    modules = imported(COMMAND, "nmt.train", *words, cwd=tmp_path)
    assert {"torch.optim", "nmt.training.updater", "pyarrow"} <= modules
    assert not modules & (COMPILER | PICTURES)
