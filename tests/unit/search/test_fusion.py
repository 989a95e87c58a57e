import pytest
import torch
from helpers.language_models import recurrent
from helpers.networks import PIECES
from helpers.scorers import rows, single, teacher_forced
from helpers.searches import padded, reference_beam, same, scorer

from nmt.data.ragged import Ragged
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.models.language_models.ngram import NGramLanguageModel
from nmt.models.language_models.ngrams.kneser_ney import KneserNey
from nmt.runtime.errors import ConfigurationError, ModelError
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.sample import Sample
from nmt.search.scorers.fusion import Fusion

SEARCHES = [Greedy(1.0, 4), Beam(4, 4, GNMT(0.6), 1.0, 4), Sample(1.0, 0, 1.0, 1, 3, 1.0, 4)]


def network():
    torch.manual_seed(7)
    model = recurrent(pieces=PIECES).double().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)
    return model


def ngrams():
    generator = torch.Generator().manual_seed(8)
    lines = torch.randint(4, PIECES, (200, 6), generator=generator).tolist()
    return NGramLanguageModel(KneserNey(3)(Ragged.from_lists(lines), PIECES))


@pytest.mark.parametrize("make", [network, ngrams])
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: type(search).__name__)
def test_a_log_probability_is_the_weighted_sum_of_both_models(make, search):
    model, other = single(1), make()
    fused = Fusion(model, other, 0.4)
    for row, hypotheses in zip(rows(), search(fused, padded(rows())), strict=True):
        for hypothesis in hypotheses:
            target = torch.tensor([[BEGIN, *hypothesis.ids, END]])
            language = float(other.log_probabilities(target).double().sum())
            expected = teacher_forced(model.model, row, hypothesis.ids) + 0.4 * language
            assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)


def test_a_weight_of_0_is_the_translation_model_alone():
    model = single(2)
    for search in SEARCHES:
        alone = search(model, padded(rows()))
        fused = search(Fusion(model, ngrams(), 0.0), padded(rows()))
        for ours, theirs in zip(alone, fused, strict=True):
            assert [each.ids for each in ours] == [each.ids for each in theirs]
            for each, other in zip(ours, theirs, strict=True):
                assert each.log_probability == pytest.approx(other.log_probability, abs=1e-4)


def test_the_language_model_changes_translations():
    model, search = single(3), Greedy(1.0, 4)
    alone = search(model, padded(rows()))
    fused = search(Fusion(model, network(), 2.0), padded(rows()))
    assert [each[0].ids for each in alone] != [each[0].ids for each in fused]


def test_beam_search_finds_the_fused_lists_of_a_plain_one_whatever_the_batch_mates():
    fused = Fusion(single(4), network(), 0.3)
    penalty = GNMT(0.6)
    together = Beam(3, 3, penalty, 1.0, 4)(fused, padded(rows(), more=2))
    for row, hypotheses in zip(rows(), together, strict=True):
        expected = reference_beam(fused, row, 3, penalty, len(row) + 4)
        same(hypotheses, expected[:3])


def test_the_rest_of_the_probability_is_on_padding():
    fused = Fusion(single(5), network(), 0.7)
    logits, _ = fused.step(torch.tensor([BEGIN] * 4), fused.start(padded(rows())))
    assert torch.allclose(logits.logsumexp(1), torch.zeros(4), atol=1e-6)
    others = logits[:, PADDING + 1 :].exp().sum(1)
    assert torch.allclose(logits[:, PADDING].exp(), 1 - others, atol=1e-6)
    assert (others > 0).all()


def test_negative_weights_and_shortlists_are_refused():
    with pytest.raises(ConfigurationError, match=r"fusion.weight=-0.1: expected a number, 0 or"):
        Fusion(single(6), network(), -0.1)

    short = scorer(1, PIECES, columns=torch.tensor([END, 7, 9]))
    fused = Fusion(short, network(), 0.1)
    with pytest.raises(ModelError, match="chooses from all pieces"):
        fused.choices(fused.start(padded(rows())))
