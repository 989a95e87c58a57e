"""What README and docs name is there."""

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
def test_commands_and_scripts_are_there(page):
    text = page.read_text(encoding="utf-8")
    for module in set(re.findall(r"python -m (nmt[.\w]*\w)", text)):
        assert find_spec(module), module
    for script in set(re.findall(r"(?:python|bash) (benchmarks/\S+\.(?:py|sh))", text)):
        assert (ROOT / script).exists(), script


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_choices_that_are_named_compose(page):
    text = page.read_text(encoding="utf-8")
    found = set(re.findall(r"(?<![\w/@.])(model(?:/\w+)?=[a-z]\w+)", text))
    for choice in found - {"model/cell=mine"}:
        assert configuration("train", [choice], ()).model
