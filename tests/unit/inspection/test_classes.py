import pytest
from helpers.model_classes import CLASSES

from nmt.inspection.classes import TORCH
from nmt.inspection.config_values import check
from nmt.inspection.trusted import check_trusted
from nmt.runtime.errors import ModelError

REFUSED = "which is no class that a saved model may name there"


OTHERS = {"os.system", "torch.nn.Linear", "nmt.inspection.safetensors.TensorInfo"}


@pytest.mark.parametrize("key", CLASSES)
def test_each_key_accepts_only_classes_of_its_own_package(key):
    assert CLASSES[key]
    for target in set.union(OTHERS, *map(set, CLASSES.values())):
        node = {"model": {key: {"_target_": target}}}
        if target in CLASSES[key]:
            check(node, (), "config.yaml")
            continue
        with pytest.raises(ModelError, match=REFUSED) as caught:
            check(node, (), "config.yaml")
        assert f"names '{target}' as '{key}'" in str(caught.value)


@pytest.mark.parametrize("key", ["", "model", "cells", "CELL", "_partial_", "mine"])
def test_keys_that_are_not_listed_accept_no_class(key):
    for target in set.union(OTHERS, *map(set, CLASSES.values())):
        with pytest.raises(ModelError, match=REFUSED):
            check({key: {"_target_": target}}, (), "config.yaml")


@pytest.mark.parametrize(
    "target",
    [
        "nmt.models.cells.lstm.os.makedirs",
        "nmt.models.cells.lstm.torch.load",
        "nmt.models.cells.lstm.LSTM.__init__",
        "nmt.models.cells.lstm.ProductCell",
        "nmt.models.cells.__init__",
        "nmt.models.cells..lstm.LSTM",
        "nmt.models.cells.lstm.",
        ".nmt.cells.lstm.LSTM",
        "nmt.models.cells.nothing.LSTM",
        "nmt.models.cells/lstm.LSTM",
        "nmt.models.cellsevil.lstm.LSTM",
        "nmt.models.cells",
        "nmt.models.cells.lѕtm.LSTM",
        "nmt.models.cells.lstm.LSTM\n",
        "LSTM",
        "",
        17,
        None,
        ["nmt.models.cells.lstm.LSTM"],
        {"_target_": "nmt.models.cells.lstm.LSTM"},
    ],
)
def test_only_a_class_that_a_file_of_the_package_defines_may_be_named(target):
    with pytest.raises(ModelError, match=REFUSED):
        check({"cell": {"_target_": target}}, (), "config.yaml")


@pytest.mark.parametrize("key", ["search", "tying", "length_penalty", "estimator"])
def test_an_object_that_nothing_completes_may_not_be_partial(key):
    target = CLASSES[key][0]
    check({key: {"_target_": target, "_partial_": False}}, (), "config.yaml")
    with pytest.raises(ModelError, match=f"the key '{key}._partial_', which a saved model may not"):
        check({key: {"_target_": target, "_partial_": True}}, (), "config.yaml")


def test_a_trusted_class_may_stand_anywhere_and_have_keys_of_its_own():
    inner = {"_target_": "nmt.models.cells.gru.GRU", "_partial_": True}
    node = {"cell": {"_target_": "mine.Cell", "options": {"inner": [inner]}}}
    check(node, ("mine",), "config.yaml")
    with pytest.raises(ModelError, match=r"names 'mine\.Cell' as 'cell'.*; .* add trust=\[mine\]$"):
        check(node, (), "config.yaml")
    inner["_target_"] = "os.system"
    with pytest.raises(ModelError, match=r"names 'os\.system' as 'inner'"):
        check(node, ("mine",), "config.yaml")
    node = {"cell": {"_target_": "nmt.models.cells.gru.GRU", "inner": {**inner, "_target_": "a.B"}}}
    with pytest.raises(ModelError, match=r"names 'a\.B' as 'inner'"):
        check(node, ("mine",), "config.yaml")


def test_trust_is_only_suggested_for_packages_of_others():
    for target, hint in (("mine.Cell", "add trust=[mine]"), ("os.system", ""), ("nmt.a.B", "")):
        with pytest.raises(ModelError) as caught:
            check({"cell": {"_target_": target}}, (), "config.yaml")
        assert str(caught.value).endswith(hint or "(allowed: nmt.models.cells.*)")


def test_a_class_of_a_trusted_package_passes():
    node = {"cell": {"_target_": "yaml.nodes.Node"}}
    check(node, ("yaml",), "config.yaml")
    check_trusted(node, ("yaml",), "config.yaml")


@pytest.mark.parametrize("target", ["yaml.nodes.nothing", "yaml.reader.codecs.open", "yaml.load"])
def test_functions_and_imports_of_a_trusted_package_are_refused(target):
    node = {"encoder": [{"_target_": target}]}
    check(node, ("yaml",), "config.yaml")
    with pytest.raises(ModelError, match=r"which is no class of yaml"):
        check_trusted(node, ("yaml",), "config.yaml")


@pytest.mark.parametrize("key", CLASSES)
@pytest.mark.parametrize("special", [{}, {"_partial_": True}, {"_partial_": False}])
def test_layers_of_torch_may_only_normalise(key, special):
    for target in (*TORCH, "torch.nn.Linear", "torch.nn.Module", "torch.nn.modules.Identity"):
        node = {"model": {"decoder": [{key: {"_target_": target, **special}}]}}
        if key == "normalization" and target in TORCH:
            check(node, (), "config.yaml")
            continue
        with pytest.raises(ModelError, match=REFUSED):
            check(node, (), "config.yaml")
