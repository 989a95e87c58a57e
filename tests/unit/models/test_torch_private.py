import sys

import pytest
import torch

from nmt.models import torch_private
from nmt.models.linear import training
from nmt.models.linear.training import linear, recurrent_loop
from nmt.runtime.errors import NmtError


def test_the_installed_torch_has_all_private_names_that_are_used():
    assert torch_private.has_backward_ids()
    assert torch_private.backward_id() == -1
    assert torch_private.load_scan() is not None
    with torch_private.plain_tensors():
        pass


@pytest.mark.parametrize("lost", ["_linear_pointwise", "_reorder_linear_weight"])
def test_a_torch_without_onednn_products_is_detected(lost, monkeypatch):
    assert torch_private.has_onednn_products()
    kept = {"_linear_pointwise", "_reorder_linear_weight"} - {lost}
    monkeypatch.setattr(torch.ops, "mkldnn", type("Left", (), dict.fromkeys(kept)))
    assert not torch_private.has_onednn_products()


def test_a_loop_computes_the_same_without_numbers_of_backward_passes(monkeypatch):
    values, weight = torch.randn(4, 2, 3), torch.randn(3, 3, requires_grad=True)
    gradients = []
    for known in (True, False):
        monkeypatch.setattr(training, "HAS_BACKWARD_IDS", known)
        with recurrent_loop():
            loss = sum(linear(part, weight, None).sin().sum() for part in values)
        gradients += torch.autograd.grad(loss, weight)
    assert torch.allclose(*gradients, atol=1e-6)


def test_a_torch_without_a_needed_name_is_refused_with_its_version(monkeypatch):
    monkeypatch.delattr(torch._C, "DisableTorchFunctionSubclass")
    message = r"^torch 2\S+ has no torch._C.DisableTorchFunctionSubclass, .* use torch 2.13$"
    with pytest.raises(NmtError, match=message):
        torch_private.plain_tensors()
    monkeypatch.setitem(sys.modules, "torch._higher_order_ops.scan", None)
    with pytest.raises(NmtError, match=r"^torch 2\S+ has no torch._higher_order_ops.scan, "):
        torch_private.load_scan()
