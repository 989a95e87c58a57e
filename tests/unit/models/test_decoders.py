from functools import partial

import pytest
import torch
from helpers.networks import ATTENTIVE, CELLS, DECODERS, PIECES, batch, network

from nmt.models import tree
from nmt.models.attention.additive import AdditiveAttention
from nmt.models.cells.gru import GRU
from nmt.models.decoders.attend_first import AttendFirstDecoder
from nmt.models.decoders.conditional import ConditionalDecoder, DeepConditionalDecoder
from nmt.models.decoders.decoder import Decoder
from nmt.models.decoders.every_layer import EveryLayerAndReadoutDecoder, EveryLayerDecoder
from nmt.models.decoders.fixed_context import SummarisedContextDecoder
from nmt.models.memory import Memory
from nmt.runtime.errors import ConfigurationError, ModelError


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_forward_equals_step_after_step(decoder, cell, layers):
    torch.manual_seed(1)
    model, pairs = network(decoder, cell, layers).eval(), batch()
    memory = model.encode(pairs.source)
    fast, _ = model.decoder(pairs.inputs, memory)
    slow, _ = Decoder.forward(model.decoder, pairs.inputs, memory)
    assert torch.allclose(fast[pairs.mask], slow[pairs.mask], atol=1e-5)


@pytest.mark.parametrize("decoder", DECODERS)
def test_gradients_of_forward_equal_those_of_steps(decoder):
    torch.manual_seed(2)
    model, pairs = network(decoder).double().eval(), batch()
    results = []
    for forward in (model.decoder, partial(Decoder.forward, model.decoder)):
        readouts, _ = forward(pairs.inputs, model.encode(pairs.source))
        loss = model.logits(readouts)[pairs.mask].sin().sum()
        results.append(torch.autograd.grad(loss, list(model.parameters()), allow_unused=True))
    for fast, slow in zip(*results, strict=True):
        assert (fast is None) == (slow is None)
        assert fast is None or torch.allclose(fast, slow, atol=1e-9)


@pytest.mark.parametrize("decoder", DECODERS)
def test_hypotheses_of_one_sentence_share_its_memory(decoder):
    torch.manual_seed(3)
    model, pairs = network(decoder).eval(), batch()
    memory = model.encode(pairs.source)
    rows = torch.arange(3).repeat_interleave(2)
    state = tree.select(model.start(memory), rows)
    ids = torch.randint(4, PIECES, (6,))
    shared, _ = model.step(ids, state, memory)
    copied = Memory(
        memory.values[rows],
        memory.mask[rows],
        tree.select(memory.final, rows),
        None if memory.keys is None else memory.keys[rows],
    )
    alone, _ = model.step(ids, state, copied)
    assert torch.allclose(shared, alone, atol=1e-6)


@pytest.mark.parametrize("decoder", DECODERS)
def test_batch_mates_and_padding_change_no_readout(decoder):
    torch.manual_seed(4)
    model, pairs = network(decoder).eval(), batch(((2, 3), (7, 8)))
    together = model(pairs)
    alone = model(type(pairs)(pairs.source[:1, :3], pairs.target[:1, :5]))
    assert torch.allclose(together[:1, :4], alone, atol=1e-5)


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_readout_does_not_depend_on_later_pieces(decoder):
    torch.manual_seed(5)
    model, pairs = network(decoder).eval(), batch(((3, 6),))
    changed = pairs.target.clone()
    changed[:, 4:] = 7
    before, after = model(pairs), model(type(pairs)(pairs.source, changed))
    assert torch.equal(before[:, :4], after[:, :4])
    assert not torch.equal(before[:, 5], after[:, 5])


@pytest.mark.parametrize("decoder", ATTENTIVE)
def test_weights_of_every_real_position_sum_to_one_over_real_source_positions(decoder):
    torch.manual_seed(6)
    model, pairs = network(decoder).eval(), batch()
    weights = model.attention_weights(pairs)
    assert weights.shape == (*pairs.inputs.shape, pairs.source.shape[1])
    assert torch.allclose(weights.sum(-1), torch.ones(pairs.inputs.shape), atol=1e-6)
    assert weights.masked_select(~pairs.source_mask.unsqueeze(1)).eq(0).all()


def test_a_decoder_without_attention_has_no_weights_to_show():
    with pytest.raises(ModelError, match="AtStartDecoder has no attention"):
        network(DECODERS[-1]).attention_weights(batch())


def test_a_context_at_every_step_makes_a_difference_that_the_start_alone_does_not():
    torch.manual_seed(7)
    for decoder, every_step in zip(DECODERS[-2:], (True, False), strict=True):
        model, pairs = network(decoder).eval(), batch()
        memory = model.encode(pairs.source)
        other = Memory(memory.values, memory.mask, tree.apply(torch.neg, memory.final))
        state = model.start(memory)
        ids = pairs.inputs[:, 0]
        same = torch.equal(model.step(ids, state, memory)[0], model.step(ids, state, other)[0])
        assert same is not every_step


@pytest.mark.parametrize("decoder", DECODERS)
def test_dropout_is_sampled_in_training_and_lasts_a_sentence(decoder):
    torch.manual_seed(8)
    model, pairs = network(decoder, dropout=0.5).train(), batch()
    assert not torch.equal(model(pairs), model(pairs))
    readouts = model(batch(((3, 12),)))[0]
    off = readouts.eq(0)
    assert off.any()
    assert torch.equal(off, off[:1].expand_as(off))


def test_attend_first_uses_the_previous_state_for_query_and_prediction():
    torch.manual_seed(10)
    model, pairs = network(AttendFirstDecoder, layers=1).eval(), batch()
    decoder, memory = model.decoder, model.encode(pairs.source)
    (cell,), (normalization,) = decoder.stack.cells, decoder.stack.normalizations
    ((hidden,),) = decoder.bridge(memory)
    query, readouts = hidden, []
    for ids in pairs.inputs.unbind(1):
        embedded = decoder.embedding.look_up(ids)
        context, _ = decoder.attention.step(query, memory)
        readouts.append(decoder.readout(query, context, embedded))
        read = cell.project(torch.cat([embedded, context], dim=-1))
        hidden, _ = cell.step(read, (hidden,))
        query = normalization(hidden)
    assert torch.allclose(decoder(pairs.inputs, memory)[0], torch.stack(readouts, 1), atol=1e-6)


@pytest.mark.parametrize("decoder", [EveryLayerDecoder, EveryLayerAndReadoutDecoder])
def test_the_bottom_layer_reads_the_previous_context_and_the_others_the_current_one(decoder):
    torch.manual_seed(11)
    model, pairs = network(decoder, layers=3).eval(), batch()
    decoder, memory = model.decoder, model.encode(pairs.source)
    states, context = decoder.bridge(memory), torch.zeros(3, 12)
    layers = [decoder.bottom, *decoder.upper.layers]
    hiddens, readouts = [state[0] for state in states], []
    for ids in pairs.inputs.unbind(1):
        below = decoder.embedding.look_up(ids)
        for number, layer in enumerate(layers, start=1):
            (cell,), (normalization,) = layer.cells, layer.normalizations
            read = cell.project(torch.cat([below, context], dim=-1))
            hiddens[number - 1], _ = cell.step(read, (hiddens[number - 1],))
            output = normalization(hiddens[number - 1])
            below = output + below if number == 3 else output
            if number == 1:
                context, _ = decoder.attention.step(below, memory)
        added = [context] if isinstance(decoder, EveryLayerAndReadoutDecoder) else []
        readouts.append(decoder.readout(below, *added))
    assert torch.allclose(decoder(pairs.inputs, memory)[0], torch.stack(readouts, 1), atol=1e-6)


def test_all_upper_layers_read_the_context_or_the_lowest_alone():
    torch.manual_seed(12)
    for decoder, all_read in ((DeepConditionalDecoder, True), (ConditionalDecoder, False)):
        model = network(decoder, layers=3)
        sizes = [part.input_size for part in model.decoder.upper.modules() if type(part) is GRU]
        assert sizes == [22, 22 if all_read else 10]


def test_the_summarised_decoder_reads_the_source_only_through_its_summary():
    torch.manual_seed(13)
    model, pairs = network(SummarisedContextDecoder).eval(), batch()
    memory = model.encoder(model.embedding(pairs.source), pairs.source_mask)
    prepared = model.decoder.prepare_memory(memory)
    ((summary,),) = prepared.final
    weight, bias = model.decoder.summary.weight, model.decoder.summary.bias
    assert torch.allclose(summary, (memory.final[-1][0] @ weight.T + bias).tanh())
    other = Memory(torch.randn_like(memory.values), memory.mask, prepared.final)
    readouts = [model.decoder(pairs.inputs, each)[0] for each in (prepared, other)]
    assert torch.equal(*readouts)


def test_any_attention_fits_any_decoder():
    torch.manual_seed(9)
    for decoder in ATTENTIVE:
        model = network(decoder, attention=partial(AdditiveAttention, size=5))
        assert model(batch()).isfinite().all()


@pytest.mark.parametrize("decoder", DECODERS)
def test_no_layers_are_rejected_by_name(decoder):
    with pytest.raises(ConfigurationError, match=r"model.decoder.layers=0: expected at least 1"):
        network(decoder, decoder_layers=0)
