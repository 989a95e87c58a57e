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


def counted():
    generator = torch.Generator().manual_seed(8)
    lines = torch.randint(4, PIECES, (200, 6), generator=generator).tolist()
    return NGramLanguageModel(KneserNey(3)(Ragged.from_lists(lines), PIECES))


@pytest.mark.parametrize("language", [network, counted])
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: type(search).__name__)
def test_a_hypothesis_counts_what_both_models_say_of_it_and_nothing_else(language, search):
    model, other = single(1), language()
    fused = Fusion(model, other, 0.4)
    for row, found in zip(rows(), search(fused, padded(rows())), strict=True):
        for one in found:
            target = torch.tensor([[BEGIN, *one.ids, END]])
            said = float(other.log_probabilities(target).double().sum())
            expected = teacher_forced(model.model, row, one.ids) + 0.4 * said
            assert one.log_probability == pytest.approx(expected, abs=1e-4)


def test_without_weight_the_translation_model_is_alone():
    model = single(2)
    for search in SEARCHES:
        alone = search(model, padded(rows()))
        fused = search(Fusion(model, counted(), 0.0), padded(rows()))
        for one, two in zip(alone, fused, strict=True):
            assert [each.ids for each in one] == [each.ids for each in two]
            for each, other in zip(one, two, strict=True):
                assert each.log_probability == pytest.approx(other.log_probability, abs=1e-4)


def test_the_language_model_changes_what_is_written():
    model, search = single(3), Greedy(1.0, 4)
    alone = search(model, padded(rows()))
    fused = search(Fusion(model, network(), 2.0), padded(rows()))
    assert [one[0].ids for one in alone] != [one[0].ids for one in fused]


def test_beam_search_finds_the_fused_lists_of_a_plain_one_whatever_the_batch_mates():
    fused = Fusion(single(4), network(), 0.3)
    penalty = GNMT(0.6)
    together = Beam(3, 3, penalty, 1.0, 4)(fused, padded(rows(), more=2))
    for row, found in zip(rows(), together, strict=True):
        expected = reference_beam(fused, row, 3, penalty, len(row) + 4)
        same(found, expected[:3])


def test_what_the_sums_leave_stands_on_padding():
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
