import pickle

import pytest
import torch
from helpers.networks import ATTENTIVE, CELLS, DECODERS, SEEING_ALL, batch, encoder, network
from torch import nn

from nmt.data.special_ids import BEGIN
from nmt.models import torch_private
from nmt.models.linear import packed
from nmt.models.linear.packed import PackedWeight, pack
from nmt.models.precision import (
    AutomaticPrecision,
    BFloat16Precision,
    Float32Precision,
    has_bfloat16,
)
from nmt.runtime.errors import ConfigurationError
from nmt.search.scorers.single import SingleModel

CPU = torch.device("cpu")
SHAPES = [(3, 5), (2, 3, 5), (5,), (0, 5), (2, 0, 5)]


def logits(model, source):
    """Return the logits of a model's first and second step."""
    scorer = SingleModel(model)
    first, state = scorer.step(torch.full((len(source),), BEGIN), scorer.start(source))
    second, _ = scorer.step(torch.arange(4, 4 + len(source)), state)
    return torch.stack([first, second])


def networks(**parts):
    """Return the same network twice, one of them to be packed."""
    twins = []
    for _ in range(2):
        torch.manual_seed(3)
        twins.append(network(**parts).eval())
    return twins


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("rounding", [torch.float32, torch.bfloat16])
def test_a_product_is_that_of_its_rounded_factors(shape, rounding):
    weight, inputs, bias = torch.randn(7, 5), torch.randn(shape), torch.randn(7)
    result = nn.functional.linear(inputs, PackedWeight.of(weight, rounding), bias)
    rounded = [factor.to(rounding).double() for factor in (inputs, weight, bias)]
    expected = nn.functional.linear(*rounded).float()
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, expected, rtol=torch.finfo(rounding).eps, atol=1e-6)


@pytest.mark.parametrize("rounding", [torch.float32, torch.bfloat16])
def test_without_layouts_a_product_is_the_same(rounding, monkeypatch):
    weight, inputs, bias = torch.randn(70, 50), torch.randn(9, 50), torch.randn(70)
    packed_weight = PackedWeight.of(weight, rounding)
    fast = nn.functional.linear(inputs, packed_weight, bias)
    assert packed_weight.product.func is packed._onednn_product, "this torch has layouts"
    monkeypatch.setattr(torch_private, "has_onednn_products", lambda: False)
    plain = PackedWeight.of(weight, rounding)
    slow = nn.functional.linear(inputs, plain, bias)
    assert plain.product.func is packed._torch_product
    torch.testing.assert_close(fast, slow, rtol=2 * torch.finfo(rounding).eps, atol=1e-5)


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.__name__)
@pytest.mark.parametrize("cell", CELLS)
def test_packing_in_float32_changes_no_output_of_any_decoder(decoder, cell):
    model, expected = networks(decoder=decoder, cell=cell)
    source = batch().source
    result = logits(Float32Precision().pack(model, CPU), source)
    torch.testing.assert_close(result, logits(expected, source), rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not has_bfloat16(CPU), reason="the processor has no bfloat16")
@pytest.mark.parametrize("decoder", ATTENTIVE, ids=lambda decoder: decoder.__name__)
@pytest.mark.parametrize("cell", CELLS)
def test_bfloat16_rounds_and_is_close_to_float32(decoder, cell):
    model, expected = networks(decoder=decoder, cell=cell)
    source = batch().source
    result, expected = (
        logits(BFloat16Precision().pack(model, CPU), source),
        logits(expected, source),
    )
    assert result.dtype == torch.float32
    assert not result.equal(expected)
    assert (result - expected).abs().mean() < 0.03 * expected.std()


@pytest.mark.skipif(not has_bfloat16(CPU), reason="the processor has no bfloat16")
@pytest.mark.parametrize("make", SEEING_ALL, ids=lambda make: make.__name__)
def test_encoders_return_float32(make):
    model = pack(make(CELLS[1], 2)(8).eval(), torch.bfloat16)
    inputs, mask = torch.randn(3, 4, 8), torch.ones(3, 4, dtype=torch.bool)
    with torch.inference_mode():
        memory = model(inputs, mask)
    tensors = [memory.values, *(part for state in memory.final for part in state)]
    assert {tensor.dtype for tensor in tensors} == {torch.float32}


def test_layer_kernels_run_in_the_format_of_their_weights():
    torch.manual_seed(3)
    inputs, mask = torch.randn(3, 4, 8), torch.ones(3, 4, dtype=torch.bool)
    exact = encoder(CELLS[1], 1)(8).eval()
    with torch.inference_mode():
        values = exact(inputs, mask).values
        assert not pack(exact, torch.bfloat16)(inputs, mask).values.equal(values)


def test_shared_matrices_stay_shared_and_vectors_and_doubles_unpacked():
    model = pack(network(), torch.float32)
    assert model.embedding.weight is model.decoder.output.weight
    assert isinstance(model.embedding.weight, PackedWeight)
    assert {weight.dim() for weight in model.parameters()} == {1}
    double = pack(nn.Linear(2, 3).double(), torch.bfloat16)
    assert isinstance(double.weight, nn.Parameter)


def test_other_operations_treat_a_packed_matrix_as_a_plain_one():
    weight = torch.randn(7, 5)
    packed_weight = PackedWeight.of(weight, torch.bfloat16)
    assert packed_weight.data_ptr() == weight.data_ptr()
    assert type(packed_weight[0]) is torch.Tensor and packed_weight[0].equal(weight[0])
    assert (packed_weight @ weight.T).equal(weight @ weight.T)


def test_automatic_precision_packs_in_the_format_that_it_names():
    model = AutomaticPrecision().pack(network(), CPU)
    name = str(model.embedding.weight.compute_dtype).removeprefix("torch.")
    assert name == AutomaticPrecision().name(CPU)


def test_bfloat16_is_rejected_where_the_processor_lacks_it(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    with pytest.raises(ConfigurationError, match="this cpu has no bfloat16 instructions"):
        BFloat16Precision().pack(network(), CPU)


def test_a_weight_sent_to_another_process_gets_its_own_layout():
    weight = PackedWeight.of(torch.randn(6, 8), torch.bfloat16)
    inputs = torch.randn(3, 8)
    expected = torch.nn.functional.linear(inputs, weight)
    sent = pickle.loads(pickle.dumps(weight))
    assert isinstance(sent, PackedWeight) and sent.product is None
    assert torch.equal(torch.nn.functional.linear(inputs, sent), expected)
