"""The rules of docs/architecture.md that a program can check; each test lists all offenders."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nmt"
FILES = sorted(PACKAGE.rglob("*.py"))

PACKAGES = (
    "runtime",
    "inspection",
    "config",
    "data",
    "models",
    "search",
    "evaluation",
    "training",
    "inference",
    "analysis",
)
"""Each imports itself and those before it; the commands, which stand behind them, import all."""

WITHOUT_TORCH = (
    "nmt.inspection",
    "nmt.config",
    "nmt.data.corpora",
    "nmt.data.download",
    "nmt.data.lexicon",
    "nmt.data.preparation",
    "nmt.data.text",
    "nmt.data.tokenization",
    "nmt.search.arrays",
    "nmt.search.length_penalties",
    "nmt.search.shortlists",
    "nmt.evaluation.metrics",
    "nmt.inference.engines",
    "nmt.inference.line_translator",
    "nmt.inference.long_lines",
    "nmt.inference.output_formats",
    "nmt.analysis.plots.file_formats",
    "nmt.arpa",
    "nmt.contrast",
    "nmt.download",
    "nmt.evaluate",
    "nmt.export",
    "nmt.generate",
    "nmt.gradients",
    "nmt.plot",
    "nmt.prepare",
    "nmt.rerank",
    "nmt.score",
    "nmt.translate",
)
"""Modules and packages that start without torch, whose import takes a second."""

SAME_ANSWER = {"Beam", "BeamState", "Candidates"}
"""Searches over tensors and over arrays, which have the names of what both do."""


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def module(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in FILES}


def imported(path):
    """The modules of this program that a file imports, wherever in the file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield from (one for one in (full, node.module) if one in MODULES)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in MODULES)


def rank(name):
    first = [*name.split("."), ""][1]
    return PACKAGES.index(first) if first in PACKAGES else len(PACKAGES)


def test_modules_import_their_own_package_and_those_before_it():
    wrong = [
        f"{own} imports {other}"
        for own, path in MODULES.items()
        for other in imported(path)
        if own != "nmt" and other != "nmt" and rank(other) > rank(own)
    ]
    assert not wrong


def test_no_module_imports_itself_by_way_of_others():
    edges = {own: {*imported(path)} - {own, "nmt"} for own, path in MODULES.items()}
    while leaves := {own for own, others in edges.items() if not others}:
        edges = {own: others - leaves for own, others in edges.items() if own not in leaves}
    assert not edges


def test_three_rules_hold_besides():
    wrong = []
    for own, path in MODULES.items():
        others = set(imported(path))
        if path.parent == PACKAGE / "search":
            wrong += [f"{own}: {one}" for one in others if one.startswith("nmt.models.")]
        if own == "nmt.training.trainer":
            wrong += [f"{own}: {one}" for one in others if one.startswith("nmt.evaluation")]
            wrong += [f"{own}: {one}" for one in others if one.endswith("translation_model")]
        apart = {"nmt.search": "nmt.evaluation", "nmt.evaluation": "nmt.search"}
        apart |= {"nmt.inference": "nmt.training", "nmt.analysis": "nmt.training"}
        package = ".".join(own.split(".")[:2])
        wrong += [f"{own}: {one}" for one in others if one.startswith(apart.get(package, "-"))]
    assert not wrong


def test_what_need_not_compute_starts_without_torch():
    names = [
        name
        for name in MODULES
        if name in WITHOUT_TORCH or name.startswith(tuple(f"{one}." for one in WITHOUT_TORCH))
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        "    if 'torch' in sys.modules:\n"
        "        sys.exit(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_the_top_of_the_package_holds_commands_and_packages():
    names = {path.name for path in PACKAGE.iterdir()} - {"__init__.py", "__pycache__", "py.typed"}
    assert set(PACKAGES) < names
    assert len(names) <= 26, sorted(names)


def test_each_package_says_what_it_is():
    wrong = [
        folder.relative_to(ROOT).as_posix()
        for folder in {path.parent for path in FILES}
        if not (folder / "__init__.py").exists()
        or len(ast.get_docstring(tree(folder / "__init__.py")) or "") < 40
    ]
    assert not wrong


def test_no_class_name_stands_for_two_things():
    found = defaultdict(list)
    for name, path in MODULES.items():
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name)
    assert not {
        name: where for name, where in found.items() if len(where) > 1 and name not in SAME_ANSWER
    }


def code_lines(path):
    """How many lines are neither blank, nor comment, nor docstring."""
    prose = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            prose.update(range(node.lineno, node.end_lineno + 1))
    lines = path.read_text(encoding="utf-8").splitlines()
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in prose
        for number, line in enumerate(lines, 1)
    )


def functions(path):
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in ast.walk(tree(path)) if isinstance(node, kinds)]


def test_files_and_functions_stay_within_their_budgets():
    wrong = [
        f"{module(path)}: {code_lines(path)} lines" for path in FILES if code_lines(path) > 200
    ]
    wrong += [
        f"{module(path)}.{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in FILES
        for node in functions(path)
        if node.end_lineno - node.lineno >= 50
    ]
    assert not wrong


def test_no_parameter_is_a_flag():
    wrong = [
        f"{module(path)}.{node.name}"
        for path in FILES
        for node in functions(path)
        for default in [*node.args.defaults, *node.args.kw_defaults]
        if isinstance(default, ast.Constant) and isinstance(default.value, bool)
    ]
    assert not wrong


VERBS = ("Give", "Tell", "Say", "Let", "Refuse")
"""What no docstring begins with: Return, Report, Check, Raise … are the words of the field."""

FORMER_WORDS = re.compile(
    r"\b(at rest|by heart|hears?|heard|journals?|laws?|learnt|opinions?|strangers?|watchers?"
    r"|workshops?|writes along)\b",
    re.IGNORECASE,
)
"""The private language of earlier versions; docs/architecture.md has the names that hold now."""


def documented(path):
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree(path)):
        if isinstance(node, kinds) and (docstring := ast.get_docstring(node)):
            yield f"{module(path)}.{getattr(node, 'name', '')}", docstring


def test_docstrings_begin_with_the_verbs_of_the_field():
    wrong = [
        name
        for path in FILES
        for name, docstring in documented(path)
        if docstring.split()[0].rstrip("s,.:") in VERBS
    ]
    assert not wrong


def test_former_words_do_not_come_back():
    files = [*FILES, *(ROOT / "conf").rglob("*.yaml"), ROOT / "docs" / "architecture.md"]
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {found[0]}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := FORMER_WORDS.search(line))
    ]
    assert not wrong


WRITERS = {"nmt.training.loggers.jsonl"}
"""Outside the runtime: it appends to a file that `atomic_files.check_own` has checked."""

NULL = "Path(os.devnull)"


def written(path):
    """Yield calls that open or make files, but for those of standard streams."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call) or NULL in ast.unparse(node.func):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        words = [ast.unparse(value) for value in (*node.args, *(k.value for k in node.keywords))]
        mode = any(re.fullmatch(r"'[rwaxbt+]*[wax+][rwaxbt+]*'", word) for word in words)
        if (
            name in ("write_text", "write_bytes", "touch", "symlink_to", "mkstemp")
            or (name in ("open", "fdopen") and mode)
            or any("O_CREAT" in word for word in words)
        ):
            yield node.lineno


def test_only_the_runtime_opens_files_for_writing():
    """So that no link is followed but in names that the user gives: `output_files` has these."""
    found = {
        module(path): sorted(set(written(path)))
        for path in FILES
        if not module(path).startswith("nmt.runtime.")
    }
    assert {name: lines for name, lines in found.items() if lines}.keys() == WRITERS
