"""Whatever can be trained can be saved, inspected, loaded, translated, scored and plotted."""

import pytest
import torch
from helpers import small_run
from helpers.configurations import choices

from nmt.analysis.plots.attention import align
from nmt.config.command_line import configuration
from nmt.config.instantiate import plain
from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import ScoredLine, load_scorer
from nmt.inference.translator import Translator
from nmt.inspection.model_folder import ANY, inspect
from nmt.models.factory import translation_model
from nmt.models.saved.folder import check_loadable
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.runtime.errors import ConfigurationError, ModelError
from nmt.search.scorers.single import SingleModel

CPU = torch.device("cpu")
WINDOWS = LineWindows(10, 10**6, 10, 1000)
PARTS = ("cell", "encoder", "decoder", "attention", "normalization", "readout", "tying")
GROUPS = [f"model/{part}" for part in PARTS]
LARGEST = max(len(choices(group)) for group in GROUPS)
COVERING = [
    [f"{group}={choices(group)[number % len(choices(group))]}" for group in GROUPS]
    for number in range(LARGEST)
]
"""So many combinations that each choice of each group is in one; presets have the bridges."""

COMMON = ("model.readout_size=8", "model/bridge=projected", "search=beam")
LANGUAGE_MODELS = ["feedforward", "feedforward_direct", "recurrent", "ngram"]


def use(folder):
    """Do with a saved translation model what all commands do."""
    inspected = inspect(folder, ANY, ())
    translator = Translator.of([inspected], device="cpu")
    assert len(translator.translate(["Der Hund läuft.", ""])) == 2
    scorer = load_scorer(inspected, WINDOWS, CPU)
    assert all(one.log_probability < 0 for one in scorer([ScoredLine("Der Hund.", "A dog.")]))
    saved = SavedTranslationModel.load(inspected, CPU)
    try:
        align(saved, [5, 6], [7, 8])
    except ModelError as error:
        assert "attention" in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("parts", COVERING, ids=lambda parts: parts[0])
def test_each_choice_of_each_part_can_be_used_once_it_is_saved(tmp_path, parts):
    small_run.save(tmp_path / "run", *COMMON, *parts)
    use(tmp_path / "run")


@pytest.mark.slow
@pytest.mark.parametrize("name", choices("model"))
def test_each_preset_can_be_used_once_it_is_saved(tmp_path, name):
    small_run.save(tmp_path / "run", f"model={name}")
    use(tmp_path / "run")


def test_cells_without_inputs_have_empty_weights_that_load(tmp_path):
    small_run.save(tmp_path / "run", "model/cell=deep_transition")
    use(tmp_path / "run")


@pytest.mark.parametrize("kind", LANGUAGE_MODELS)
def test_each_language_model_can_be_used_once_it_is_saved(tmp_path, kind):
    inspected = inspect(small_run.save_language(tmp_path / "run", kind), ANY, ())
    scorer = load_scorer(inspected, WINDOWS, CPU)
    assert all(one.log_probability < 0 for one in scorer([ScoredLine("A dog.", "")]))


def network_of(*overrides):
    """Return what is saved of a configuration, and the weights of its network."""
    sizes = ["model.hidden_size=8", "model.embedding_size=8"]
    config = configuration("train", [*sizes, *overrides], ())
    stored = {"model": plain(config.model), "search": plain(config.search)}
    with torch.device("meta"):
        return stored, dict(translation_model(stored["model"], 200, 200).named_parameters())


@pytest.fixture(scope="module")
def beam():
    return network_of("search=beam")


@pytest.mark.parametrize(
    ("node", "key", "value", "message"),
    [
        ("search", "size", 1001, "'search.size'=1001, but at most 1000 is allowed"),
        ("search", "length_extra", 1001, "'search.length_extra'=1001, but at most 1000"),
        ("search", "length_extra", 10**20, "'search.length_extra'=100000000000000000000, but"),
        ("search", "length_factor", 100.5, "'search.length_factor'=100.5, but at most 100"),
        ("model", "residual_from", 10_001, "'residual_from'=10001, but no tensor is larger than"),
        ("model", "note", "a/b", "'model.note'='a/b', which is no value of a saved model"),
        ("model", "note", -1, "'model.note'=-1, which is no value of a saved model"),
        ("model", "note", True, "'model.note'=True, which is no value of a saved model"),
        ("model", "note", float("nan"), "'model.note'=nan, which is no value of a saved model"),
        ("model", "note", "x" * 40_000, " bytes"),
        ("model", "_note_", 1, "the key '_note_', which a saved model may not have"),
        ("model", "cell", {"_target_": "torch.nn.GRUCell"}, "'torch.nn.GRUCell' as 'cell'"),
        ("model", "tying", {"_target_": "torch.nn.Identity"}, "'torch.nn.Identity' as 'tying'"),
    ],
)
def test_what_could_not_be_loaded_is_refused_before_it_is_trained(beam, node, key, value, message):
    stored, weights = beam
    changed = {**stored, node: {**stored[node], key: value}}
    check_loadable(stored, weights)
    with pytest.raises(ConfigurationError) as caught:
        check_loadable(changed, weights)
    assert message in str(caught.value)
    assert str(caught.value).endswith("; a model trained so could not be loaded")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("size", "extra"), [(950, 102), (97, 1000), (1, 1000), (310, 310)])
def test_beams_are_bounded_by_their_size_times_their_steps(beam, size, extra):
    stored, weights = beam
    search = {**stored["search"], "size": size, "length_extra": extra, "length_factor": 2.0}
    check_loadable({**stored, "search": search}, weights)
    if size > 1:
        wider = {**search, "size": size + 50, "length_extra": extra}
        with pytest.raises(ConfigurationError, match=r"length_factor \+ length_extra = "):
            check_loadable({**stored, "search": wider}, weights)


def test_the_search_that_is_saved_is_not_run_when_a_model_is_loaded(tmp_path, monkeypatch):
    small_run.save(tmp_path / "run", "search=beam", "search.size=900", "search.length_extra=100")
    steps = []
    step = SingleModel.step
    monkeypatch.setattr(SingleModel, "step", lambda *given: steps.append(1) or step(*given))
    Translator.load(tmp_path / "run", device="cpu")
    assert not steps
