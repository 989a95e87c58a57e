"""What pyproject.toml, constraints.txt and .pre-commit-config.yaml say of the program is so."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from nmt.__main__ import main
from nmt.inspection import exported_folder, model_folder
from nmt.runtime.errors import MissingExtraError
from nmt.training import checkpoints

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_requirement_has_an_upper_bound_that_the_tested_version_keeps():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    tested = {canonical(name): version for name, version in tested.items()}
    for line in chain(PROJECT["project"]["dependencies"], *EXTRAS.values()):
        required = Requirement(line)
        if required.name == PROJECT["project"]["name"]:
            assert required.extras < EXTRAS.keys()
        else:
            assert required.specifier.contains(tested[canonical(required.name)]), line
            assert "<" in str(required.specifier) or required.name == "types-PyYAML", line


@pytest.mark.parametrize("extra", ["plot", "tensorboard", "onnx", "ja", "ko"])
def test_advice_to_install_an_extra_names_this_distribution(extra):
    assert extra in EXTRAS
    assert f"pip install '{PROJECT['project']['name']}[{extra}]'" in str(
        MissingExtraError("a", extra)
    )


def test_what_is_put_into_the_wheel_is_there_and_no_file_of_it_is_ignored():
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert all((ROOT / folder).is_dir() for folder in wheel["force-include"])
    assert {*wheel["force-include"].values()} == {"nmt/conf", "nmt/starter"}
    assert wheel["packages"] == ["nmt"]
    assert (ROOT / "nmt" / "py.typed").is_file()
    assert (ROOT / PROJECT["project"]["license-files"][0]).is_file()
    assert PROJECT["project"]["scripts"] == {"nmt": f"{main.__module__}:{main.__name__}"}


def test_the_changelog_names_the_formats_that_are_written():
    text = (ROOT / "CHANGELOG.md").read_text()
    written = (model_folder.FORMAT, exported_folder.FORMAT, checkpoints.FORMAT)
    assert "(today {}, {} and {})".format(*written) in text


def test_hooks_before_a_commit_run_what_the_checks_run():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    checks = (ROOT / ".ci" / "run").read_text().splitlines()
    for hook in hooks:
        words = set(hook["entry"].split()) - {"--force-exclude"}
        assert any(words <= set(line.split()) for line in checks), hook["entry"]
