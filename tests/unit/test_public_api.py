"""What `nmt` exports: names, orders of import, examples in docstrings, defaults."""

import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import small_run
from omegaconf import OmegaConf

import nmt
from nmt.data.windows import LineWindows
from nmt.inference.language_model import LanguageModel
from nmt.inference.long_lines.split import SplitLongLines
from nmt.runtime.package_files import folder

ROOT = Path(__file__).parents[2]


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_package_starts_without_what_it_exports():
    code = "import sys, nmt; print(*dir(nmt), *{'torch', 'hydra', 'omegaconf'} & {*sys.modules})"
    assert python(code) == sorted(["__version__", *nmt.__all__])
    assert nmt.__all__ == ["LanguageModel", "NmtError", "Translator", "evaluate", "train"]
    with pytest.raises(AttributeError, match=r"^module 'nmt' has no attribute 'Transltor'$"):
        nmt.Transltor  # noqa: B018


@pytest.mark.parametrize("name", ["evaluate", "train"])
def test_a_command_is_called_whether_its_module_was_imported_before_or_not(name):
    refused = f"""
try:
    {name}("sed=1")
except nmt.NmtError as error:
    print("refused" if str(error).startswith("sed: there is no such key") else error)
"""
    check = f"import sys; print({name} is sys.modules['nmt.{name}'], {name}.{name}.__name__)"
    for start in (
        f"import nmt; {name} = nmt.{name}; import nmt.{name}; assert nmt.{name} is {name}",
        f"import nmt.{name}; from nmt import {name}; assert nmt.{name} is {name}",
    ):
        assert python(f"{start}\n{refused}\n{check}") == ["refused", "True", name], start


def test_a_command_is_called_by_a_program_that_runs_under_hydra(tmp_path):
    config = f"config_path={str(tmp_path)!r}, config_name='mine', version_base='1.3'"
    (tmp_path / "mine.yaml").write_text(f"hydra: {{run: {{dir: {tmp_path}}}}}\nseed: 3\n")
    code = f"""
import hydra, nmt
from hydra.core.global_hydra import GlobalHydra

@hydra.main({config})
def main(config):
    outer = GlobalHydra.instance().hydra
    try:
        nmt.evaluate("sed=1")
    except nmt.NmtError:
        print("refused", config.seed, GlobalHydra.instance().hydra is outer)

main()
"""
    assert python(code) == ["refused", "3", "True"]


@pytest.mark.parametrize(
    ("cls", "file"),
    [(LineWindows, "windows/default"), (SplitLongLines, "long_lines/split")],
)
def test_defaults_of_constructors_are_those_of_the_configuration(cls, file):
    node = dict(OmegaConf.load(folder("conf") / f"{file}.yaml"))
    assert node.pop("_target_") == f"{cls.__module__}.{cls.__name__}"
    assert cls() == cls(**node)


def test_defaults_of_generation_are_those_of_the_command():
    node = OmegaConf.load(folder("conf") / "generate.yaml")
    parameters = [*inspect.signature(LanguageModel.generate).parameters.values()][1:]
    assert {one.name: one.default for one in parameters} == {
        one.name: node[one.name] for one in parameters
    }


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A working directory with models and text, in which all examples of docstrings work."""
    home = tmp_path_factory.mktemp("examples")
    pairs = [*zip(small_run.starter("valid.de"), small_run.starter("valid.en"), strict=True)]
    for name, some in (("train", pairs[:150]), ("valid", pairs[150:160])):
        (home / f"{name}.tsv").write_text("".join(f"{one}\t{two}\n" for one, two in some))
    for side, language in enumerate(("de", "en")):
        (home / f"test.{language}").write_text("".join(f"{pair[side]}\n" for pair in pairs[-10:]))
    (home / "runs").mkdir()
    small_run.save(home / "runs" / "default")
    small_run.save_language(home / "runs" / "language_model", "recurrent")
    return home


@pytest.mark.parametrize(
    "documented",
    [nmt.NmtError, nmt.Translator.load, nmt.LanguageModel, nmt.evaluate, nmt.train],
    ids=lambda documented: documented.__name__,
)
def test_the_example_of_a_docstring_does_what_it_shows(documented, runs, monkeypatch):
    monkeypatch.chdir(runs)
    names = {"nmt": nmt, "Translator": nmt.Translator, "LanguageModel": nmt.LanguageModel}
    text, name = inspect.getdoc(documented), documented.__name__
    example = doctest.DocTestParser().get_doctest(text, names, name, None, None)
    assert example.examples
    messages = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(optionflags=flags).run(example, out=messages.append)
    assert not messages, "".join(messages)
