"""A training starts from the weights of a saved model, row by row where vocabularies differ."""

import pytest
import torch
from helpers.saved_models import LINES, save, tokenizers

from nmt.config.command_line import configuration
from nmt.config.instantiate import plain
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.tokenization.training import UnigramTrainer
from nmt.inspection.model_folder import inspect
from nmt.models.factory import translation_model
from nmt.models.parameters import weights
from nmt.models.saved.initial_weights import known_pieces, start_from
from nmt.models.saved.translation_model import SavedTranslationModel, save_translation_model
from nmt.runtime.errors import ConfigurationError, ModelError

OTHER = ["Ein Zug fährt nach Köln.", "Der Zug steht im Bahnhof.", "Das Kind wartet im Garten."]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save(tmp_path_factory.mktemp("run"), 46)


def fresh(vocabulary, *overrides):
    values = ["model.hidden_size=16", "model.embedding_size=16", *overrides]
    node = plain(configuration("train", values, ()).model)
    torch.manual_seed(7)
    return translation_model(node, vocabulary.source.size, vocabulary.target.size)


def loaded(folder):
    return SavedTranslationModel.load(inspect(folder, ("model",), ()), torch.device("cpu")).model


def test_with_the_same_vocabulary_all_weights_are_those_of_the_run(saved):
    network = fresh(tokenizers(46))
    start_from(str(saved), (), network, tokenizers(46))
    expected = weights(loaded(saved))
    assert weights(network).keys() == expected.keys()
    assert all(torch.equal(weights(network)[name], value) for name, value in expected.items())


@pytest.mark.parametrize("tying", ["none", "target", "all"])
def test_with_another_vocabulary_known_pieces_keep_their_rows_and_new_ones_are_fresh(
    tmp_path, saved, tying
):
    tokenizer = UnigramTrainer(44, 1.0, (), False, "nmt_nfkc", 1000, 1).train(LINES[:9] + OTHER)
    vocabulary = Tokenizers(tokenizer, tokenizer)
    own, before = (fresh(vocabulary, f"model/tying={tying}") for _ in range(2))
    first = fresh(tokenizers(46), f"model/tying={tying}")
    folder = saved if tying == "all" else save_as(tmp_path / "run", first, tying)
    start_from(str(folder), (), own, vocabulary)
    model = loaded(folder)
    ids, theirs = known_pieces(tokenizer, tokenizers(46).source)
    assert 10 < len(ids) < tokenizer.size
    assert tokenizer.pieces(ids.tolist()) == tokenizers(46).source.pieces(theirs.tolist())
    new = sorted(set(range(tokenizer.size)) - set(ids.tolist()))
    for table in ("embedding.weight", "decoder.output.weight", "decoder.output.bias"):
        rows, others = own.get_parameter(table), model.get_parameter(table)
        assert torch.equal(rows[ids], others[theirs])
        assert torch.equal(rows[new], before.get_parameter(table)[new])
    for name, weight in weights(own).items():
        if weight.shape[:1] != (tokenizer.size,):
            assert torch.equal(weight, weights(model)[name])


def save_as(folder, network, tying):
    overrides = ["model.hidden_size=16", "model.embedding_size=16", f"model/tying={tying}"]
    config = configuration("train", [*overrides, "search.length_extra=3"], ())
    stored = {"model": plain(config.model), "search": plain(config.search)}
    save_translation_model(folder, weights(network), stored, tokenizers(46), {})
    return folder


@pytest.mark.parametrize(
    "override",
    ["model.hidden_size=12", "model.layers=1", "model/cell=gru", "model=conditional"],
)
def test_another_network_is_refused_and_nothing_changes(saved, override):
    network = fresh(tokenizers(46), override)
    before = weights(network)
    with pytest.raises(ConfigurationError, match=r"initial=.*its weight .* this model needs"):
        start_from(str(saved), (), network, tokenizers(46))
    assert all(torch.equal(before[name], value) for name, value in weights(network).items())


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no trained model"):
        start_from(str(tmp_path / "none"), (), fresh(tokenizers(46)), tokenizers(46))
