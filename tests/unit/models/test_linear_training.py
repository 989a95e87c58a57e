import pytest
import torch
from torch import nn

from nmt.models.linear import training
from nmt.models.linear.training import HAS_ONEDNN, linear, product, recurrent_loop
from nmt.models.precision import has_bfloat16

BFLOAT16 = pytest.mark.skipif(
    not has_bfloat16(torch.device("cpu")), reason="no bfloat16 instructions"
)


def results(multiply, dtype, bias, shape=(3, 4, 5)):
    """The product and the gradients of values, weight and bias, at the same random numbers."""
    generator = torch.Generator().manual_seed(1)
    sizes = [shape, (7, shape[-1]), *([(7,)] if bias else [])]
    leaves = [torch.randn(size, generator=generator, dtype=dtype) for size in sizes]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    result = multiply(*leaves, *([] if bias else [None]))
    gradients = torch.autograd.grad(result.float().sin().sum(), leaves)
    return [result, *gradients]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, 4, 5), (6, 5), (0, 5), (5,)])
def test_the_product_and_its_gradients_are_those_of_torch(dtype, bias, shape):
    ours, torchs = (results(each, dtype, bias, shape) for each in (linear, nn.functional.linear))
    for one, other in zip(ours, torchs, strict=True):
        assert one.dtype == other.dtype
        assert torch.allclose(one, other, atol=1e-5)


def test_gradients_are_those_of_finite_differences():
    torch.manual_seed(2)
    leaves = [torch.randn(size).double().requires_grad_() for size in ((2, 3, 4), (5, 4), (5,))]
    assert torch.autograd.gradcheck(linear, leaves)


@BFLOAT16
@pytest.mark.parametrize("bias", [True, False])
def test_under_autocast_it_rounds_as_torch_does_and_leaves_gradients_in_float32(bias):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours = results(linear, torch.float32, bias)
        torchs = results(nn.functional.linear, torch.float32, bias)
    assert ours[0].dtype == torch.bfloat16
    for one, other in zip(ours, torchs, strict=True):
        assert one.dtype == other.dtype
        assert torch.allclose(one.float(), other.float(), atol=0.05, rtol=0.02)


def test_factors_may_be_transposed_views():
    torch.manual_seed(3)
    values, weight = torch.randn(6, 20).t(), torch.randn(6, 30).t()
    assert torch.allclose(product(values, weight), values.contiguous() @ weight.t(), atol=1e-5)


def test_only_gradients_that_are_needed_are_computed():
    values, weight = torch.randn(3, 4), torch.randn(2, 4, requires_grad=True)
    linear(values, weight, None).sum().backward()
    assert values.grad is None
    assert torch.allclose(weight.grad, values.sum(0).expand(2, 4), atol=1e-6)


@pytest.mark.skipif(not HAS_ONEDNN, reason="this torch has no oneDNN")
def test_training_uses_onednn_and_inference_torch():
    values, weight = torch.randn(3, 4), torch.randn(2, 4, requires_grad=True)

    def uses_onednn():
        with torch.profiler.profile() as profile:
            linear(values, weight, None)
        return any("_linear_pointwise" in event.name for event in profile.events())

    assert uses_onednn()
    with torch.no_grad():
        assert not uses_onednn()


def looped(values, weight, bias):
    """A recurrence with more than one product of the weight per turn."""
    state, states = values[0], []
    for value in values:
        state = linear(state.tanh() + value, weight, bias)
        states.append(linear(state, weight, bias))
    return torch.stack(states)


def looped_once(values, weight, bias):
    with recurrent_loop():
        return looped(values, weight, bias)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_loop_equals_separate_products(dtype, bias):
    torch.manual_seed(4)
    sizes = ((6, 3, 5), (5, 5), *([(5,)] if bias else []))
    leaves = [(0.5 * torch.randn(size, dtype=dtype)).requires_grad_() for size in sizes]
    results = []
    for run in (looped, looped_once):
        output = run(*leaves, *([] if bias else [None]))
        results.append([output, *torch.autograd.grad(output.sin().sum(), leaves)])
    for one, other in zip(*results, strict=True):
        assert torch.allclose(one, other, atol=1e-5 if dtype == torch.float32 else 1e-12)


def test_a_loop_has_the_gradients_of_finite_differences():
    torch.manual_seed(5)
    leaves = [torch.randn(size).double().requires_grad_() for size in ((3, 2, 4), (4, 4), (4,))]
    assert torch.autograd.gradcheck(looped_once, leaves)


def test_backward_passes_of_one_loop_are_independent():
    torch.manual_seed(6)
    values, weight = torch.randn(4, 2, 3, requires_grad=True), torch.randn(3, 3, requires_grad=True)
    outputs, expected = looped_once(values, weight, None), looped(values, weight, None)
    for wanted, part in ((values, 3), (weight, 1), (weight, 2)):
        ours, theirs = (
            torch.autograd.grad(each[part].sum(), wanted, retain_graph=True)[0]
            for each in (outputs, expected)
        )
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_loop_takes_the_gradient_of_a_weight_in_one_product():
    torch.manual_seed(7)
    values, weight = torch.randn(5, 2, 3), torch.randn(3, 3, requires_grad=True)
    outputs = looped_once(values, weight, None)
    with torch.profiler.profile() as profile:
        outputs.sum().backward()
    counts = {event.key: event.count for event in profile.key_averages()}
    training = counts.get("mkldnn::_linear_pointwise", 0) or counts["aten::linear"]
    assert training == 10  # nine for the gradients of values, and one for that of the weight


def test_a_weight_that_is_not_trained_has_no_gradient_after_a_loop():
    values, weight = torch.randn(4, 2, 3, requires_grad=True), torch.randn(3, 3)
    looped_once(values, weight, None).sum().backward()
    assert weight.grad is None
    assert values.grad is not None


@pytest.mark.parametrize("message", ["could not create a primitive", "expected a tensor"])
def test_a_product_that_onednn_has_no_memory_for_is_computed_by_torch(monkeypatch, message):
    def fail(*arguments):
        raise RuntimeError(message)

    monkeypatch.setattr(torch.ops.mkldnn, "_linear_pointwise", fail)
    values, weight = torch.randn(3, 4), torch.randn(5, 4)
    for layout in (weight, training._lay_out(weight)):
        if "primitive" in message:
            assert torch.equal(product(values, layout), nn.functional.linear(values, weight))
        else:
            with pytest.raises(RuntimeError, match=message):
                product(values, layout)


def test_a_loop_distinguishes_biases_and_formats_of_one_weight():
    weight, one, two = (nn.Parameter(torch.randn(*size)) for size in ((5, 4), (5,), (5,)))
    values = torch.randn(3, 4)
    with recurrent_loop():
        result = [linear(values, weight, bias) for bias in (one, two, None)]
        wide = linear(values.double(), weight, one)
    expected = [nn.functional.linear(values, weight, bias) for bias in (one, two, None)]
    for left, right in zip(result, expected, strict=True):
        torch.testing.assert_close(left, right)
    torch.testing.assert_close(wide.float(), expected[0])
    sum(result).sum().backward()
    assert one.grad.tolist() == two.grad.tolist() == [3.0] * 5
    torch.testing.assert_close(weight.grad, 3 * values.sum(0).expand(5, 4))


def test_gradients_of_a_loop_are_not_differentiated_again():
    weight, values = nn.Parameter(torch.randn(5, 4)), torch.randn(3, 4, requires_grad=True)
    with recurrent_loop():
        loss = linear(values, weight, None).square().sum()
    with pytest.raises(RuntimeError, match="cannot be differentiated again"):
        torch.autograd.grad(loss, weight, create_graph=True)
