"""Gradients by distance: against closed forms and finite differences; table, picture, command."""

import sys
from functools import partial

import pytest
import torch
from helpers.networks import LSTM_CELL, batch, network
from helpers.saved_models import LINES
from helpers.saved_models import save as save_model
from helpers.small_run import starter
from torch import nn

from nmt.analysis.gradients.flow import (
    DecoderSteps,
    LanguageSteps,
    Unrolled,
    concatenate,
    norms,
    points,
)
from nmt.analysis.gradients.table import (
    EMBEDDING,
    FRESH,
    STATE,
    TRAINED,
    GradientCurve,
    GradientPoint,
    read,
    write,
)
from nmt.analysis.plots import gradients as picture
from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate, plain
from nmt.data.ragged import Ragged
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.gradients import fresh_cell, gradients
from nmt.models import tree
from nmt.models.cells.cell import Cell
from nmt.models.cells.gru import GRU
from nmt.models.cells.irnn import IRNN
from nmt.models.decoders.attend_first import AttendFirstDecoder
from nmt.models.decoders.input_feeding import InputFeedingDecoder
from nmt.models.decoders.parallel import ParallelDecoder
from nmt.models.embeddings import Embedding, TiedTarget, Untied
from nmt.models.factory import language_network
from nmt.models.language_models.feedforward import FeedForwardLanguageModel
from nmt.models.language_models.ngram import NGramLanguageModel
from nmt.models.language_models.recurrent import RecurrentLanguageModel
from nmt.models.readouts.linear import LinearReadout
from nmt.models.saved.language_model import save_language_model as save_language
from nmt.models.stack import RecurrentStack
from nmt.plot import plot
from nmt.runtime.errors import ConfigurationError, CorpusError, ModelError, NmtError
from nmt.train_language_model import train_language_model

PIECES = 11


class LinearCell(Cell):
    """`h(t) = W h(t-1) + U x(t)`."""

    parts = 1

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.u = nn.Parameter(torch.randn(hidden_size, input_size))
        self.w = nn.Parameter(torch.randn(hidden_size, hidden_size) / 2)

    def project(self, inputs):
        return inputs @ self.u.T

    def step(self, projected, state):
        hidden = projected + state[0] @ self.w.T
        return hidden, (hidden,)


def language(cell, layers=1, tying=None):
    """A language model in float64 whose weights do not depend on the tying."""
    torch.manual_seed(1)
    embedding = partial(Embedding, size=5, dropout=0.0, word_dropout=0.0)
    _, own, output = (tying or Untied())(PIECES, PIECES, embedding, 5)
    stack = partial(
        RecurrentStack,
        cell=cell,
        normalization=nn.Identity,
        dropout=0.0,
        hidden_size=6,
        residual_from=3,
    )
    readout = partial(LinearReadout, dropout=0.0)
    return RecurrentLanguageModel(own, output, stack, readout, layers).double().eval()


def lines(*rows):
    width = max(map(len, rows)) + 2
    bounded = [[BEGIN, *row, END] for row in rows]
    return torch.tensor([[*row, *[PADDING] * (width - len(row))] for row in bounded])


def test_a_linear_recurrence_has_the_norms_of_its_closed_form():
    model = language(LinearCell)
    (cell,) = model.stack.cells
    target = lines([4, 7, 5, 9, 4, 10])
    computed = norms(LanguageSteps(model), target, 99)
    positions = target.shape[1] - 1
    hidden, slopes = torch.zeros(6, dtype=torch.float64), []
    for position in range(positions):
        embedded = model.embedding.weight[target[0, position]] * 5**0.5
        hidden = cell.w @ hidden + cell.u @ embedded
        free = hidden.detach().requires_grad_()
        logits = model.logits(model.readout(free.unsqueeze(0)))
        loss = -logits.log_softmax(-1)[0, target[0, position + 1]]
        slopes.append(torch.autograd.grad(loss, free)[0])
    for distance in range(positions):
        powers = [torch.linalg.matrix_power(cell.w.T, distance) @ one for one in slopes[distance:]]
        by_row = [5**0.5 * cell.u.T @ one for one in powers]
        expected = torch.stack([one.norm() for one in by_row])
        assert torch.allclose(computed[EMBEDDING, distance], expected, rtol=0, atol=1e-9)
        if distance:
            expected = torch.stack([one.norm() for one in powers])
            assert torch.allclose(computed[STATE, distance], expected, rtol=0, atol=1e-9)


def difference(loss, nest):
    """The norm of a gradient by all numbers of a nest, by central differences."""
    squares = 0.0
    for tensor in tree.leaves(nest):
        for position in range(tensor.numel()):
            values = []
            for step in (1e-5, -1e-5):
                with torch.no_grad():
                    tensor.view(-1)[position] += step
                    values.append(float(loss()))
                    tensor.view(-1)[position] -= step
            squares += ((values[0] - values[1]) / 2e-5) ** 2
    return squares**0.5


@torch.no_grad()
def by_differences(steps, target, distance):
    """The norm for the last loss of a line, by the state `distance` positions before it."""
    state = steps.start(1)
    last = target.shape[1] - 2
    for position in range(last - distance + 1):
        _, state = steps(target[:, position], state)
    distinct = {}
    cut = tree.apply(lambda one: distinct.setdefault(id(one), one.clone().contiguous()), state)

    def loss():
        state = cut
        for position in range(last - distance + 1, last + 1):
            logits, state = steps(target[:, position], state)
        return -logits.log_softmax(-1)[0, target[0, last + 1]]

    return difference(loss, list(distinct.values()))


@pytest.mark.parametrize("distance", [1, 2, 5])
@pytest.mark.parametrize("cell", [GRU, LSTM_CELL])
def test_the_state_of_all_layers_agrees_with_finite_differences(cell, distance):
    steps = LanguageSteps(language(cell, layers=3))
    target = lines([4, 7, 5, 9, 4, 10])
    computed = norms(steps, target, 99)[STATE, distance][-1]
    assert float(computed) == pytest.approx(by_differences(steps, target, distance), rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("distance", [1, 3])
@pytest.mark.parametrize("decoder", [ParallelDecoder, InputFeedingDecoder, AttendFirstDecoder])
def test_a_decoder_agrees_with_finite_differences_by_its_state_and_by_what_it_is_fed(
    decoder, distance
):
    torch.manual_seed(1)
    pair = batch([(5, 4)])
    steps = DecoderSteps(network(decoder, LSTM_CELL).double().eval(), pair.source)
    computed = norms(steps, pair.target, 99)[STATE, distance][-1]
    assert float(computed) == pytest.approx(by_differences(steps, pair.target, distance), rel=1e-6)


@pytest.mark.parametrize("cell", [GRU, LSTM_CELL])
def test_a_query_that_is_also_a_state_is_one_variable(cell):
    torch.manual_seed(1)
    pair = batch([(5, 4)])
    model = network(AttendFirstDecoder, cell, layers=2, normalization=nn.Identity).double().eval()
    steps = DecoderSteps(model, pair.source)
    _, (states, asking) = steps(pair.target[:, 0], steps.start(1))
    assert asking is states[-1][0]
    for distance in (1, 3):
        computed = norms(steps, pair.target, 99)[STATE, distance][-1]
        assert float(computed) == pytest.approx(
            by_differences(steps, pair.target, distance), rel=1e-6
        )


def test_the_embedding_agrees_with_finite_differences_of_a_row_that_is_read_once():
    model = language(LSTM_CELL)
    target = lines([4, 7, 5])
    computed = norms(LanguageSteps(model), target, 99)

    def loss():
        readouts, _ = model.read(target[:, :-1], model.start(1))
        return -model.logits(readouts).log_softmax(-1)[0, 3, END]

    for position, distance in ((1, 2), (3, 0)):
        row = model.embedding.weight.detach()[target[0, position]]
        expected = difference(loss, row)
        assert float(computed[EMBEDDING, distance][-1]) == pytest.approx(expected, rel=1e-6)


def test_a_softmax_that_shares_the_table_is_no_part_of_the_embedding():
    tied, untied = language(GRU, tying=TiedTarget()), language(GRU)
    with torch.no_grad():
        untied.load_state_dict({**tied.state_dict()})
    target = lines([4, 7, 5, 9])
    one, other = (norms(LanguageSteps(model), target, 9) for model in (tied, untied))
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert tied.embedding.weight is tied.output.weight


def test_each_distance_has_a_norm_for_each_loss_so_far_on_and_none_for_padding():
    computed = norms(LanguageSteps(language(GRU)), lines([4, 7, 5, 9], [8], [6, 6]), 3)
    # 5, 2 and 3 losses, END included: at distance k there are 5-k, 2-k and 3-k, if above 0.
    expected = {
        (EMBEDDING, 0): 10,
        (EMBEDDING, 1): 7,
        (EMBEDDING, 2): 4,
        (EMBEDDING, 3): 2,
        (STATE, 1): 7,
        (STATE, 2): 4,
        (STATE, 3): 2,
    }
    assert {key: len(values) for key, values in computed.items()} == expected


def test_batch_mates_change_nothing():
    steps = LanguageSteps(language(LSTM_CELL, layers=2))
    rows = [[4, 7, 5, 9], [8], [6, 6]]
    whole = norms(steps, lines(*rows), 9)
    alone = concatenate([norms(steps, lines(row), 9) for row in rows])
    assert whole.keys() == alone.keys()
    for key in whole:
        assert torch.allclose(whole[key].sort().values, alone[key].sort().values, atol=1e-12)


def test_an_irnn_of_the_identity_hands_gradients_back_unchanged():
    model = language(partial(IRNN, scale=1.0, input_deviation=0.001))
    with torch.no_grad():
        model.stack.cells[0].bias.fill_(1.0)  # so that all features are above 0
    unrolled = Unrolled(LanguageSteps(model), lines([4, 7, 5, 9, 4, 10]))
    computed = {key: float(value) for key, value in map(_keyed, unrolled.norms(6, 9))}
    first = computed["state 1"]
    assert first > 0.01
    assert [computed[f"state {distance}"] for distance in range(1, 7)] == [pytest.approx(first)] * 6


def _keyed(one):
    quantity, distance, value = one
    return f"{quantity} {distance}", value


def test_a_model_without_a_recurrent_state_is_refused():
    embedding = partial(Embedding, size=5, dropout=0.0, word_dropout=0.0)
    _, own, output = Untied()(PIECES, PIECES, embedding, 6)
    model = FeedForwardLanguageModel(own, output, order=3, hidden_size=6, dropout=0.0)
    with pytest.raises(ModelError, match="carries no vectors from position to position"):
        norms(LanguageSteps(model), lines([4]), 9)


def test_a_distance_of_zero_is_refused():
    with pytest.raises(ConfigurationError, match=r"distance=0: expected 1 or more positions"):
        norms(LanguageSteps(language(GRU)), lines([4]), 0)


def test_points_hold_count_mean_and_percentiles():
    values = torch.arange(11.0)
    # Of 0, 1, …, 10 the 10th and the 90th percentile are 1 and 9, the mean is 55/11 = 5.
    computed = points({(STATE, 2): values, (STATE, 1): values[:1], (EMBEDDING, 0): values}, STATE)
    assert computed == (GradientPoint(1, 1, 0.0, 0.0, 0.0), GradientPoint(2, 11, 5.0, 1.0, 9.0))


def curves():
    numbers = [(1, 4, 0.5, 0.25, 0.75), (2, 3, 1 / 3, 0.0, 0.5)]
    curve_points = tuple(GradientPoint(*each) for each in numbers)
    return [
        GradientCurve("lstm", FRESH, STATE, curve_points),
        GradientCurve("lstm", FRESH, EMBEDDING, curve_points[:1]),
        GradientCurve("runs/a, b", TRAINED, STATE, curve_points),
    ]


GOLDEN = """\
model,weights,quantity,distance,count,mean,percentile_10,percentile_90
lstm,fresh,state,1,4,0.5,0.25,0.75
lstm,fresh,state,2,3,0.333333,0,0.5
lstm,fresh,embedding,1,4,0.5,0.25,0.75
"runs/a, b",trained,state,1,4,0.5,0.25,0.75
"runs/a, b",trained,state,2,3,0.333333,0,0.5
"""


def test_a_table_is_written_and_read(tmp_path):
    path = tmp_path / "a.csv"
    write(path, curves())
    assert path.read_text() == GOLDEN
    write(tmp_path / "b.csv", read(path))
    assert (tmp_path / "b.csv").read_text() == GOLDEN
    assert [curve.model for curve in read(path)] == ["lstm", "lstm", "runs/a, b"]


def test_files_that_are_not_tables_are_refused(tmp_path):
    with pytest.raises(NmtError, match=r"none\.csv cannot be read: No such file"):
        read(tmp_path / "none.csv")
    for text in ("", "a,b\n1,2\n", GOLDEN + "lstm,fresh,state,one,4,0,0,0\n", GOLDEN + "lstm\n"):
        (tmp_path / "a.csv").write_text(text)
        with pytest.raises(
            NmtError, match=r"a\.csv is not a table of gradients \(.*nmt\.gradients"
        ):
            read(tmp_path / "a.csv")


def test_the_picture_shows_each_curve_by_its_quantity_and_leaves_out_what_is_0():
    zero = GradientCurve(
        "irnn",
        FRESH,
        STATE,
        (GradientPoint(1, 2, 0.5, 0.5, 0.5), GradientPoint(2, 2, 0.0, 0.0, 0.0)),
    )
    left, right = picture.draw([*curves(), zero]).axes
    assert (left.get_yscale(), right.get_yscale()) == ("log", "log")
    shown = {line.get_label(): list(line.get_ydata()) for line in left.lines}
    assert shown["lstm (fresh)"] == [0.5, 1 / 3]
    assert shown["irnn (fresh)"] == [0.5, pytest.approx(float("nan"), nan_ok=True)]
    assert [line.get_label() for line in right.lines] == ["lstm (fresh)"]


def test_a_fresh_cell_shares_its_colour_with_the_run_that_is_named_like_it():
    points = curves()[0].points
    shown = [
        GradientCurve("runs/a/lstm", TRAINED, STATE, points),
        GradientCurve("runs/b/lstm", TRAINED, STATE, points),
        GradientCurve("gru", FRESH, STATE, points),
        GradientCurve("lstm", FRESH, STATE, points),
    ]
    one, two, gru, lstm = picture.draw(shown).axes[0].lines
    assert lstm.get_color() == one.get_color()
    assert len({one.get_color(), two.get_color(), gru.get_color()}) == 3
    assert (one.get_linestyle(), lstm.get_linestyle()) == ("-", "--")


def test_a_figure_without_tables_is_refused():
    with pytest.raises(NmtError, match="input is empty; expected tables"):
        picture.GradientsPlot(None)()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Text, and a saved model of each kind."""
    root = tmp_path_factory.mktemp("models")
    (root / "text").write_text("\n".join(LINES[:6]) + "\n\n")
    (root / "empty").write_text("\n \n")
    (root / "short").write_text("Ein Hund.\n")
    save_model(root / "translation", 40)
    bundle = Tokenizers.load(root / "translation").target
    settings = ["model.hidden_size=8", "model.embedding_size=8", "model.layers=2"]
    model = plain(configuration("train_language_model", settings, ()).model)
    weights = dict(language_network(model, bundle.size).named_parameters())
    save_language(root / "language", weights, model, bundle, {})
    counted = plain(configuration("train_language_model", ["language_model=ngram"], ()).model)
    tables = instantiate(counted["estimator"])(
        Ragged.from_lists(bundle.encode_lines(LINES)), bundle.size
    )
    save_language(root / "ngram", NGramLanguageModel(tables).tensors(), counted, bundle, {})
    return root


def measure(folder, *overrides):
    gradients(configuration("gradients", [f"input={folder}/text", *overrides], ()))


def written(folder):
    return [f"table={folder}/a.csv", f"output={folder}/a.png"]


def test_the_command_measures_trained_models_of_both_kinds(folder, tmp_path):
    both = f"run=[{folder}/language,{folder}/translation]"
    measure(folder, both, f"source={folder}/text", "distance=4", *written(tmp_path))
    measured = read(tmp_path / "a.csv")
    assert [(one.model, one.weights, one.quantity) for one in measured] == [
        (f"{folder}/{kind}", TRAINED, quantity)
        for kind in ("language", "translation")
        for quantity in (STATE, EMBEDDING)
    ]
    assert [[point.distance for point in one.points] for one in measured] == [
        [1, 2, 3, 4],
        [0, 1, 2, 3, 4],
    ] * 2
    assert all(point.mean > 0 for one in measured for point in one.points)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    again = ["gradients", f"input={tmp_path}/a.csv", f"output={tmp_path}/b.svg"]
    plot(configuration("plot", again, ("plot",)))
    assert (tmp_path / "b.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.slow
def test_joined_lines_allow_longer_distances(folder, tmp_path):
    for joined in (1, 3):
        measure(
            folder,
            f"run={folder}/language",
            "lines=1",
            f"joined={joined}",
            "distance=99",
            *written(tmp_path),
        )
        furthest = read(tmp_path / "a.csv")[0].points[-1].distance
        pieces = Tokenizers.load(folder / "language").target
        # There are as many losses as pieces and END; the first state lies one position after none.
        assert furthest == len(pieces.encode(" ".join(LINES[:joined])))


@pytest.mark.parametrize(("side", "language"), [("target", "en"), ("source", "de")])
def test_the_starter_corpus_is_read_in_the_language_of_the_side(folder, tmp_path, side, language):
    read_of = ["input=starter:valid", "lines=1", f"side={side}", "distance=99"]
    measure(folder, f"run={folder}/language", *read_of, *written(tmp_path))
    pieces = Tokenizers.load(folder / "language").target
    lengths = {name: len(pieces.encode(starter(f"valid.{name}")[0])) for name in ("en", "de")}
    assert lengths["en"] != lengths["de"]
    assert read(tmp_path / "a.csv")[0].points[-1].distance == lengths[language]


def test_fresh_models_equal_those_at_the_start_of_a_training(folder, tmp_path):
    (tmp_path / "train").write_text("\n".join(LINES) + "\n")
    settings = [
        "data=text",
        f"data.train.paths={tmp_path}/train",
        f"data.valid.paths={tmp_path}/train",
        "tokenizer.size=40",
        f"prepared={tmp_path}/prepared",
        "model.hidden_size=8",
        "model.embedding_size=8",
        "seed=3",
    ]
    train = [*settings, "model/cell=irnn", "updates=1", f"run={tmp_path}/run"]
    config = configuration("train_language_model", [*train, "schedule.peak_rate=1e-30"], ())
    train_language_model(config)
    variant = ["+model/cell@cells.weak=irnn", "cells.weak.scale=0.5"]
    models = ["fresh=[irnn,weak]", f"run={tmp_path}/run", *variant, "distance=5"]
    measure(folder, *settings, *models, *written(tmp_path))
    trained, _, fresh, _, weak, _ = read(tmp_path / "a.csv")
    assert (fresh.model, fresh.weights, weak.model) == ("irnn", FRESH, "weak")
    assert [point.mean for point in fresh.points] == [
        pytest.approx(point.mean, rel=1e-5) for point in trained.points
    ]
    assert weak.points[4].mean < fresh.points[4].mean / 8


@pytest.mark.parametrize(
    ("overrides", "kind", "message"),
    [
        ([], ConfigurationError, r"^run=\[\] and fresh=\[\] name no model"),
        (["fresh=lstmm"], ConfigurationError, r"^model/cell=lstmm: .*\(nearest: lstm"),
        (
            ["fresh=lstm", "language_model=ngram"],
            ConfigurationError,
            "^language_model=ngram has no gradients",
        ),
        (["run={}/ngram"], ModelError, "ngram holds an n-gram model, which has no gradients$"),
        (["run={}/none"], ModelError, "none holds no trained model"),
        (["run={}/language", "input={}/empty"], CorpusError, "empty has no line of text"),
        (["run={}/language", "lines=0"], ConfigurationError, "^lines=0: expected a number, 1 or"),
        (["run={}/language", "joined=0"], ConfigurationError, "^joined=0: expected a number"),
        (["run={}/language", "distance=0"], ConfigurationError, "^distance=0: expected a number"),
        (["run={}/language", "output=a.gif"], NmtError, r"a\.gif: expected a file that ends in"),
        (["run={}/language", "source={}/text"], ConfigurationError, "none of the models transl"),
        (["run={}/translation"], ConfigurationError, "reads a source: give source=FILE"),
        (
            ["run={}/translation", "source={}/short"],
            CorpusError,
            r"text has 7 lines but .*short has 1; line n of one must translate line n",
        ),
    ],
)
def test_invalid_measurements_are_refused(folder, tmp_path, overrides, kind, message):
    arguments = [override.format(folder) for override in overrides]
    paths = [f"table={tmp_path}/a.csv", f"output={tmp_path}/a.png"]
    chosen = [path for path in paths if not any(one.startswith(path[:6]) for one in arguments)]
    with pytest.raises(kind, match=message):
        measure(folder, *chosen, *arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("configs", ["configs={}", "configs=[{}]"])
def test_fresh_cells_are_found_in_a_folder_of_the_user(tmp_path, monkeypatch, configs):
    own = tmp_path / "model" / "cell" / "mine.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("_target_: nmt.models.cells.elman.Elman\nmine: 1\n")
    monkeypatch.setattr(sys, "argv", ["nmt.gradients", configs.format(tmp_path), "fresh=[mine]"])
    assert fresh_cell(configuration("gradients", sys.argv[1:]), "mine").mine == 1
    monkeypatch.setattr(sys, "argv", ["nmt.gradients", "fresh=[mine]"])
    with pytest.raises(ConfigurationError, match="mine: there is no such choice"):
        fresh_cell(configuration("gradients", sys.argv[1:]), "mine")
