"""What `nmt` exports: names, orders of import, examples in docstrings, defaults."""

import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import small_run
from helpers.exported_models import unchecked
from omegaconf import OmegaConf

import nmt
from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate
from nmt.data.windows import LineWindows
from nmt.inference.language_model import LanguageModel
from nmt.inference.long_lines.split import SplitLongLines
from nmt.runtime.package_files import folder
from nmt.search.beam import Beam

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


@pytest.mark.slow
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


@pytest.fixture(scope="module")
def translator(runs):
    return nmt.Translator.load(runs / "runs" / "default", device="cpu")


@pytest.fixture(scope="module")
def language_model(runs):
    return nmt.LanguageModel.load(runs / "runs" / "language_model", device="cpu")


def test_one_line_as_a_str_is_one_line_and_not_its_letters(translator, language_model):
    for line in ("Der Hund schläft.", "a", "", "Der Hund\nschläft."):
        assert translator.translate(line) == translator.translate([line])[0]
        assert [one.text for one in translator.stream(line)] == translator.translate([line])
        assert language_model.score(line) == language_model.score([line])[0]


WRONG_LINES = {
    "bytes": (b"Hund", r"^lines=b'Hund': expected .*; decode it: \.decode\('utf-8'\)$"),
    "None": (None, "^lines=None: expected a line as str, or several as an iterable of str$"),
    "a number": (3, "^lines=3: expected a line as str"),
    "a path": (
        Path("a.de"),
        r"^lines=PosixPath\('a\.de'\): expected .*; read its lines first$",
    ),
    "lines of bytes": (["a", b"b"], r"^line 2 is b'b': expected a str; decode it: "),
    "a line of None": ([None], "^line 1 is None: expected a str$"),
    "lists": ([["a"]], r"^line 1 is \['a'\]: expected a str$"),
    "long": ([b"x" * 999], r"^line 1 is b'x{38}… \(bytes\): expected a str; decode it"),
}


@pytest.mark.parametrize("kind", WRONG_LINES)
def test_what_is_no_line_is_refused_by_name(translator, language_model, kind):
    given, message = WRONG_LINES[kind]
    calls = (translator.translate, lambda lines: [*translator.stream(lines)], language_model.score)
    for call in calls:
        with unchecked(), pytest.raises(nmt.NmtError, match=message) as caught:
            call(given)
        assert isinstance(caught.value, TypeError)


def test_the_api_translates_as_the_command_does(translator):
    config = configuration("translate", [])
    for group in ("search", "sentences", "long_lines", "windows"):
        assert getattr(translator, group) == instantiate(config[group])


@pytest.mark.parametrize("name", ["beam", "greedy", "beam_10", "sample"])
def test_a_search_is_given_by_its_name(runs, name):
    loaded = nmt.Translator.load(runs / "runs" / "default", search=name, device="cpu")
    assert loaded.search == instantiate(configuration("translate", [f"search={name}"]).search)


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        (
            "search",
            "bem",
            r"^search=bem: there is no such choice \(nearest: beam, beam_10\);",
        ),
        ("search", "", "^search=: there is no such choice; search is one of beam, "),
        ("search", "beam,greedy", "^search=beam,greedy: there is no such choice"),
        ("search", b"beam", r"^search=b'beam': expected a name in conf/search, or a nmt\.search\."),
        ("search", Beam, "expected a name in conf/search, or a "),
        ("sentences", 3, "^sentences=3: expected a name in conf/sentences"),
        ("long_lines", "cut", "^long_lines=cut: there is no such choice; long_lines is one of"),
        ("windows", [], r"^windows=\[\]: expected a name in conf/windows"),
        ("device", None, "^device=None is no device; expected auto, cpu"),
        ("trust", None, "^trust=None: expected names of packages$"),
        ("options", "int8", "^options='int8': expected a ScorerOptions$"),
        ("runs", None, "^runs=None: expected a run's folder, or a list of several$"),
        ("runs", b"runs/a", "^runs=b'runs/a': expected a run's folder"),
        ("runs", [None], r"^runs=\[None\]: expected a run's folder"),
    ],
)
def test_an_argument_is_refused_when_it_is_loaded(runs, argument, value, message):
    given = {"runs": runs / "runs" / "default", "device": "cpu", argument: value}
    with unchecked(), pytest.raises(nmt.NmtError, match=message):
        nmt.Translator.load(**given)


@pytest.mark.parametrize("run", [None, b"a", 3, ["runs/language_model"]])
def test_a_language_model_is_in_one_folder(run):
    with (
        unchecked(),
        pytest.raises(nmt.NmtError, match=r"^run=.*: expected the folder of one"),
    ):
        nmt.LanguageModel.load(run)


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("prompt", b"a", r"^prompt is b'a': expected a str; decode it: "),
        ("prompt", None, "^prompt is None: expected a str$"),
        ("temperature", "1", "^temperature=1: expected a number"),
        ("top_k", 1.5, r"^top_k=1\.5: expected a whole number"),
        ("seed", None, "^seed=None: expected 0 to"),
    ],
)
def test_an_argument_of_generation_is_refused_by_name(language_model, argument, value, message):
    with unchecked(), pytest.raises(nmt.NmtError, match=message):
        language_model.generate(**{argument: value})


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize("argument", [None, b"run=a", ["run=a"], Path("a")])
def test_a_command_takes_text(command, argument):
    message = rf"^nmt\.{command}\(.*\): expected arguments as they are typed"
    with unchecked(), pytest.raises(nmt.NmtError, match=message):
        getattr(nmt, command)(argument)
