"""What README and docs name exists."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from nmt.config.command_line import configuration

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def name(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist(page):
    text = page.read_text(encoding="utf-8")
    modules = re.findall(r"python -m ((?:nmt|benchmarks)(?:\.[a-z]\w*)*)", text)
    commands = re.findall(r"(?m)(?:^|`|&& |\| )nmt ([a-z]\w+)", text)
    for module in {*modules, *(f"nmt.{command}" for command in commands)}:
        assert find_spec(module), module


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_and_folders_exist(page):
    text = page.read_text(encoding="utf-8")
    folders = "nmt|tests|conf|docs|examples|benchmarks"
    named = set(re.findall(rf"(?<![\w/.-])((?:{folders})/[\w./-]*\w)", text))
    placeholders = {path for path in named if re.search(r"\b[A-Z]+\b|/mine\.", path)}
    for path in named - placeholders:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_choices_that_are_named_compose(page):
    text = page.read_text(encoding="utf-8")
    found = set(re.findall(r"(?<![\w/@.])(model(?:/\w+)?=[a-z]\w+)", text))
    for choice in found - {"model/cell=mine"}:
        assert configuration("train", [choice], ()).model
