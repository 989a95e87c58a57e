import errno

import pytest
import torch
from helpers.networks import batch

from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate, plain
from nmt.inspection.config_sizes import check_model
from nmt.inspection.config_values import check
from nmt.inspection.safetensors import TensorInfo
from nmt.models.factory import language_network, translation_model
from nmt.runtime.errors import ConfigurationError
from nmt.runtime.package_files import folder
from nmt.training.schedules.constant import Constant

MODELS = sorted(path.stem for path in (folder("conf") / "model").glob("[!_]*.yaml"))
CHOICES = [
    f"model/{path.parent.name}={path.stem}"
    for path in sorted((folder("conf") / "model").glob("*/[!_]*.yaml"))
]


def node_of(*overrides, command="train", **values):
    """Return the node of a model, made small; values set afterwards spare a second composition."""
    model = configuration(command, overrides, ()).model
    for key, value in {"hidden_size": 8, "embedding_size": 8, **values}.items():
        model[key] = value
    return plain(model)


def model_of(*overrides):
    return translation_model(node_of(*overrides), 40, 40)


@pytest.mark.slow
@pytest.mark.parametrize("choice", [*CHOICES, *(f"model={name}" for name in MODELS)])
def test_every_model_and_part_builds_reads_a_batch_and_may_be_loaded(choice):
    torch.manual_seed(1)
    node = node_of(choice)
    check(node, (), "config.yaml")
    model, pairs = translation_model(node, 40, 40).eval(), batch()
    assert model.logits(model(pairs)).shape == (*pairs.inputs.shape, 40)
    shapes = {name: tuple(one.shape) for name, one in model.named_parameters()}
    check_model(
        node, {name: TensorInfo("F32", one, 0, 0) for name, one in shapes.items()}, "config.yaml"
    )


@pytest.mark.parametrize(
    "override",
    ["model/encoder=forward", "model/encoder=backward", "model/encoder=bidirectional_bottom"],
)
def test_a_decoder_that_starts_from_the_backward_direction_needs_one(override):
    message = r"^model/bridge=backward starts .* with this model/encoder"
    with pytest.raises(ConfigurationError, match=message):
        model_of("model=bahdanau2015", "model.layers=2", override)
    model_of("model=bahdanau2015", "model.layers=2", override, "model/bridge=projected")


@pytest.mark.parametrize("choice", ["state_dropout", "zoneout"])
def test_cells_with_noise_keep_it_where_the_corpus_recommends_no_dropout(choice):
    torch.manual_seed(2)
    model, pairs = model_of(f"model/cell={choice}", "data=starter").train(), batch()
    assert model.encoder.dropout.rate == 0
    assert not torch.equal(model(pairs), model(pairs))


@pytest.mark.parametrize("wrapper", ["deep_transition", "state_dropout", "zoneout"])
def test_the_inner_cell_of_a_wrapper_is_chosen_by_its_path(wrapper):
    choice = configuration("train", [f"model/cell={wrapper}", "model/cell@model.cell.cell=gru"], ())
    assert choice.model.cell.cell._target_ == "nmt.models.cells.gru.GRU"
    assert (
        model_of(f"model/cell={wrapper}", "model/cell@model.cell.cell=gru")(batch())
        .isfinite()
        .all()
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.layers=abc", r"model.layers=abc: expected a whole number"),
        ("model.cell.forget_bias=[1]", r"forget_bias=\[1\]: expected a number"),
        ("model.dropout=2.5", r"dropout=2.5: expected a share of at least 0 and below 1"),
        (
            "+model.encoder.lyers=3",
            r"lyers: .*BidirectionalEncoder has no such value \(nearest: layers\)",
        ),
        (
            "model.cell._target_=nmt.models.cells.gru.GRUU",
            r"nmt.models.cells.gru.GRUU: there is no such class",
        ),
    ],
)
def test_values_that_no_constructor_accepts_are_refused_by_name(override, message):
    with pytest.raises(ConfigurationError, match=message):
        model_of(override)


def test_the_error_of_a_constructor_is_shown_unchanged():
    with pytest.raises(ConfigurationError, match=r"^dropout=3.5: expected a share"):
        instantiate({"_target_": "nmt.models.variational_dropout.VariationalDropout", "rate": 3.5})


CELLS = sorted(path.stem for path in (folder("conf") / "model" / "cell").glob("[!_]*.yaml"))


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("3 GiB"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=repr,
)
def test_a_constructor_without_memory_is_no_error_of_the_configuration(monkeypatch, error):
    def fail(self, *_, **__):
        raise error

    monkeypatch.setattr(Constant, "__init__", fail)
    with pytest.raises(type(error)) as raised:
        instantiate({"_target_": "nmt.training.schedules.constant.Constant"})
    assert raised.value is error


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_builds_a_language_model_that_reads_as_it_advances(cell):
    torch.manual_seed(1)
    node = node_of(f"model/cell={cell}", command="train_language_model", layers=2)
    check(node, (), "config.yaml")
    network = language_network(node, 40).double().eval()
    ids = batch().inputs
    together, _ = network.read(ids, network.start(len(ids)))
    state, alone = network.start(len(ids)), []
    for place in ids.unbind(1):
        readout, state = network.advance(place, state)
        alone.append(readout)
    assert torch.allclose(together, torch.stack(alone, dim=1), atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"_target_": None}, "_target_=None: expected the name of a class"),
        ({"_partial_": None}, "_partial_ flag must be a bool"),
        ({"_recursive_": 3}, "_recursive_ flag must be a bool"),
    ],
)
def test_reserved_keys_with_values_of_another_type_are_refused(change, message):
    node = {"_target_": "nmt.search.greedy.Greedy", "length_factor": 2.0, "length_extra": 1}
    with pytest.raises(ConfigurationError, match=message):
        instantiate({**node, **change})
