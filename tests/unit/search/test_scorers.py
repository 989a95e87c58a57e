import pytest
import torch
from helpers.networks import DECODERS, PIECES, batch
from helpers.scorers import rows, single, teacher_forced
from helpers.searches import forced, padded, same

from nmt.data.special_ids import BEGIN
from nmt.runtime.errors import ModelError
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.sample import Sample
from nmt.search.scorers.ensemble import Ensemble


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.__name__)
def test_the_log_probability_of_every_search_is_that_of_teacher_forcing(decoder):
    scorer = single(1, decoder)
    searches = [Greedy(1.0, 4), Beam(4, 4, GNMT(0.6), 1.0, 4), Sample(1.0, 0, 1.0, 1, 3, 1.0, 4)]
    for search in searches:
        for row, hypotheses in zip(rows(), search(scorer, padded(rows())), strict=True):
            for hypothesis in hypotheses:
                expected = teacher_forced(scorer.model, row, hypothesis.ids)
                assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.__name__)
def test_translations_do_not_depend_on_the_batch(decoder):
    scorer, search = single(2, decoder), Beam(3, 3, GNMT(0.6), 1.0, 4)
    together = search(scorer, padded(rows(), more=3))
    for row, hypotheses in zip(rows(), together, strict=True):
        alone = search(scorer, torch.tensor([row]))[0]
        same(hypotheses, [(each.score, each.log_probability, each.ids) for each in alone])


def test_a_step_with_several_hypotheses_equals_a_step_for_each():
    scorer = single(3)
    source = batch().source
    state = scorer.start(source)
    _, state = scorer.step(torch.full((3,), BEGIN), state)
    ids = torch.tensor([5, 6, 7, 8, 9, 10])
    wide = scorer.reorder(state, torch.tensor([0, 0, 1, 1, 2, 2]))
    logits, _ = scorer.step(ids, wide)
    for column in range(2):
        single_logits, _ = scorer.step(ids[column::2], state)
        torch.testing.assert_close(logits[column::2], single_logits)


def test_logits_of_a_scorer_have_no_gradients():
    scorer = single(3)
    logits, _ = scorer.step(torch.full((3,), BEGIN), scorer.start(batch().source))
    assert logits.is_inference()
    assert logits.dtype == torch.float32


def test_an_ensemble_of_one_model_twice_is_that_model():
    model = single(4)
    search = Beam(4, 4, GNMT(0.6), 1.0, 4)
    alone = search(model, padded(rows()))
    together = search(Ensemble([model, model]), padded(rows()))
    for hypotheses, expected in zip(together, alone, strict=True):
        same(hypotheses, [(each.score, each.log_probability, each.ids) for each in expected])


def test_an_ensemble_averages_log_probabilities():
    members = [single(5), single(6), single(7)]
    source = torch.tensor([rows()[0]])
    logits, _ = Ensemble(members).step(torch.tensor([BEGIN]), Ensemble(members).start(source))
    each = [
        member.step(torch.tensor([BEGIN]), member.start(source))[0].log_softmax(dim=1)
        for member in members
    ]
    torch.testing.assert_close(logits, sum(each) / 3)
    n_bests = Beam(4, 2, GNMT(0.6), 1.0, 4)(Ensemble(members), padded(rows()))
    for row, hypotheses in zip(rows(), n_bests, strict=True):
        for hypothesis in hypotheses:
            expected = forced(Ensemble(members), row, hypothesis.ids)
            assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)


def test_an_ensemble_of_different_vocabularies_is_refused():
    one, other = single(1), single(2)
    other.model.decoder.output.weight = torch.nn.Parameter(torch.zeros(PIECES + 1, 8).double())
    other.model.decoder.output.bias = torch.nn.Parameter(torch.zeros(PIECES + 1).double())
    ensemble = Ensemble([one, other])
    with pytest.raises(ModelError, match="different sizes: 40, 41 pieces"):
        ensemble.step(torch.full((3,), BEGIN), ensemble.start(batch().source))


def test_an_ensemble_needs_a_member():
    with pytest.raises(ModelError, match="an ensemble of 0 models; expected at least one"):
        Ensemble([])
