"""The laws of the house that a program can check; docs/architecture.md gives the reasons."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "nmt").rglob("*.py"))


LAYERS = [
    "allocator cleaning eager ends errors interruption labels memory notice ragged"
    " translation tree vocabulary",
    "atomic batch bridges corpora device dropout exhaustion given ibm_model_1"
    " instantiation invalid_text lock long_lines metrics output_formats overrides packed"
    " piped processors ranges report resources resumption sampling windows",
    "accuracy allowance averaging command_line distributed gradient_table journals ngrams"
    " objectives origin precision products receiving schedules scoring search shards"
    " starter streams sums workers workshops",
    "array_search attention cells checkpoint embeddings fetch kept processes progress"
    " readouts seal stopping strangers validation",
    "attempt clock groups lexicon pace skips stack tokenizer watchers",
    "batches decoders encoders encoding language_models line_translator pieces shortlists"
    " skipped updater",
    "held_out_text side trainer translation_model writing",
    "build exporting gradient_flow readings scorers",
    "benchmark download held_out preparation saved",
    "bundle evaluation language_bundle prepare",
    "arpa export generate likelihood plots settings shallow_fusion",
    "assembly contrasts plot reranking score training",
    "contrast train_language_model translator",
    "commands engines recall train",
    "evaluate gradients rerank translate",
]
"""Rooms, lowest first; a room is a file or a folder of the package."""

LAYER = {room: number for number, rooms in enumerate(LAYERS) for room in rooms.split()}


def imported_rooms(path):
    """The rooms that a file imports, each with the file within it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nmt":
            module = node.module.split(".")[1:]
            for name in node.names:
                yield tuple(module) if module else (name.name,)
        assert not isinstance(node, ast.ImportFrom) or not node.level, "relative import"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_import_only_files_of_lower_layers(path):
    own = path.relative_to(ROOT / "nmt").with_suffix("").parts
    if own == ("__init__",):
        return
    for room, *_ in imported_rooms(path):
        assert room == own[0] or LAYER[room] < LAYER[own[0]], f"{path} imports {room}"


def test_the_table_names_each_room_once_and_no_other():
    rooms = {path.relative_to(ROOT / "nmt").parts[0].removesuffix(".py") for path in FILES}
    named = [room for rooms in LAYERS for room in rooms.split()]
    assert sorted(named) == sorted(rooms - {"__init__"})


def test_trainer_knows_neither_model_nor_metric_and_search_no_network():
    above = {"translation_model", "scoring", "metrics", "build", "bundle", "held_out"}
    assert not above & {room for room, *_ in imported_rooms(ROOT / "nmt" / "trainer.py")}
    networks = {"translation_model", "decoders", "encoders", "embeddings", "cells", "scorers"}
    for path in (ROOT / "nmt" / "search").rglob("*.py"):
        assert not networks & {room for room, *_ in imported_rooms(path)}
    for room in ("cells", "decoders", "encoders", "translation_model"):
        for path in FILES:
            if path.relative_to(ROOT / "nmt").parts[0].removesuffix(".py") == room:
                assert "search" not in {name for name, *_ in imported_rooms(path)}


def code_lines(path):
    """Lines that are neither blank, nor comment, nor docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            prose.update(range(node.lineno, node.end_lineno + 1))
    return [
        number
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.strip() and not line.strip().startswith("#") and number not in prose
    ]


def functions(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_stay_within_their_budgets(path):
    assert len(code_lines(path)) <= 200
    for node in functions(path):
        assert node.end_lineno - node.lineno < 50, node.name


def test_no_parameter_is_a_flag():
    for path in FILES:
        for node in functions(path):
            defaults = [*node.args.defaults, *node.args.kw_defaults]
            flags = [one for one in defaults if isinstance(one, ast.Constant)]
            assert not any(isinstance(flag.value, bool) for flag in flags), f"{path} {node.name}"
