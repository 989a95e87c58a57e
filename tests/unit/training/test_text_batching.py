import numpy as np
import pytest
import torch
from helpers.language_models import recurrent
from helpers.shards import chunk
from helpers.small_run import tokenizer

from nmt.data.batch import Batch
from nmt.data.preparation.shards import Shards, ShardWriter
from nmt.data.sides import SourceSide, TargetSide
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.runtime.errors import ConfigurationError
from nmt.training.text_batching.continuous import ContinuousText, StatefulModel
from nmt.training.text_batching.lines import LineByLine

ROWS = [list(range(4, 4 + length)) for length in (3, 1, 7, 2, 5, 4, 6, 1, 2, 9)]


@pytest.fixture
def shards(tmp_path):
    with ShardWriter(tmp_path, "train", 30, 60) as writer:
        writer.write(chunk([(ids[::-1], ids, "s", "t") for ids in ROWS], 30))
    return Shards(tmp_path, "train")


def labels(batches):
    return sorted(torch.cat([batch.labels[batch.mask] for batch in batches]).tolist())


BOTH = Tokenizers(tokenizer(), tokenizer())
EVERYTHING = sorted([piece for ids in ROWS for piece in ids] + [END] * len(ROWS))
BATCHINGS = [
    LineByLine(20, 100),
    ContinuousText(3, 4),
    ContinuousText(1, 1),
    ContinuousText(20, 50),
]


@pytest.mark.parametrize("batching", BATCHINGS, ids=repr)
@pytest.mark.parametrize("side", [SourceSide(), TargetSide()], ids=repr)
def test_each_piece_and_each_end_is_a_label_once(shards, batching, side):
    epochs = batching.epochs(shards, BOTH, side, 1)
    batches = list(epochs.data.epoch(0, 0))
    assert labels(batches) == EVERYTHING
    assert labels(batching.validation_batches(shards, side)) == EVERYTHING
    assert sum(len(batch.source) for batch in batches) == epochs.rows


def test_continuous_text_can_be_resumed_in_the_middle(shards):
    data = ContinuousText(2, 3).epochs(shards, BOTH, TargetSide(), 1).data
    whole, rest = list(data.epoch(0, 0)), list(data.epoch(0, 2))
    assert len(rest) == len(whole) - 2 > 0
    for one, two in zip(whole[2:], rest, strict=True):
        assert torch.equal(one.target, two.target)


def test_rows_of_continuous_text_start_with_lines_and_follow_each_other(shards):
    data = ContinuousText(2, 3).epochs(shards, BOTH, TargetSide(), 1).data
    rows = [[], []]
    for batch in data.epoch(0, 0):
        assert batch.target.shape == (2, 4)
        for row, target in zip(rows, batch.target.tolist(), strict=True):
            if row:
                assert target[0] == row[-1]
            else:
                assert target[0] == BEGIN
            row += target[1:]
    text = [piece for row in rows for piece in row if piece != PADDING]
    assert text == [piece for ids in ROWS for piece in [*ids, END]]
    counts = [sum(piece != PADDING for piece in row) for row in rows]
    assert abs(counts[0] - counts[1]) <= 2 * max(map(len, ROWS))


def test_reading_in_parts_equals_reading_at_once(shards):
    torch.manual_seed(1)
    network = recurrent().double().eval()
    for rows in (1, 3):
        batching = ContinuousText(rows, 4)
        reader = batching.wrap(network)
        parts = [
            (batch.mask, reader(batch))
            for batch in batching.validation_batches(shards, TargetSide())
        ]
        once = ContinuousText(rows, 1000)
        (batch,) = once.validation_batches(shards, TargetSide())
        whole = once.wrap(network)(batch)
        joined = torch.cat([readouts for _, readouts in parts], dim=1)[:, : whole.shape[1]]
        assert torch.allclose(
            joined[batch.mask[:, : joined.shape[1]]], whole[batch.mask], atol=1e-9
        )


def test_end_is_read_as_the_begin_of_the_next_line_and_begin_resets_the_state():
    torch.manual_seed(2)
    network = recurrent().double().eval()
    reader = StatefulModel(network, 1)
    source = torch.tensor([[END]])
    first = reader(Batch(source, torch.tensor([[BEGIN, 5, END, 6]])))
    expected, _ = network.read(torch.tensor([[BEGIN, 5, BEGIN]]), network.start(1))
    assert torch.allclose(first, expected)
    again = reader(Batch(source, torch.tensor([[BEGIN, 5, END, 6]])))
    assert torch.equal(first, again)
    goes_on = reader(Batch(source, torch.tensor([[6, 5, END, 6]])))
    assert not torch.allclose(goes_on[:, 1], first[:, 1])


def test_gradients_end_where_a_batch_starts_and_the_state_is_saved():
    torch.manual_seed(3)
    network = recurrent()
    reader = StatefulModel(network, 2)
    batch = Batch(torch.full((2, 1), END), torch.tensor([[5, 6, 7], [8, 9, END]]))
    reader(batch).sum().backward()
    state = {name: value.clone() for name, value in reader.state_dict().items()}
    reader(batch).sum().backward()  # would fail, if the first graph were a part of the second
    other = StatefulModel(network, 2)
    other.load_state_dict(state)
    network.eval()
    reader.load_state_dict(state)
    assert torch.equal(other(batch), reader(batch))
    assert any(name.startswith("carried_") and value.any() for name, value in state.items())
    assert len(list(reader.parameters())) == len(list(network.parameters()))


def test_numbers_that_give_no_batch_are_refused():
    with pytest.raises(
        ConfigurationError, match=r"text_batching.rows=0: expected a number, 1 or more"
    ):
        ContinuousText(0, 3)
    with pytest.raises(
        ConfigurationError, match=r"text_batching.positions=0: expected a number, 1 or more"
    ):
        ContinuousText(3, 0)


def test_sides_choose_their_own_ids_and_texts(shards):
    rows = np.array([2])
    assert SourceSide().ids(shards, rows).values.tolist() == ROWS[2][::-1]
    assert TargetSide().ids(shards, rows).values.tolist() == ROWS[2]
    assert SourceSide().texts(shards)[0] == "s"
    assert TargetSide().texts(shards)[0] == "t"


def test_a_row_whose_state_is_not_finite_starts_anew():
    torch.manual_seed(4)
    network = recurrent().double().eval()
    reader, fresh = StatefulModel(network, 2), StatefulModel(network, 2)
    batch = Batch(torch.full((2, 1), END), torch.tensor([[5, 6, 7], [8, 9, END]]))
    reader(batch)
    kept = reader(batch)[1]
    with torch.no_grad():
        reader.get_buffer("carried_0")[0, 3] = torch.inf
        reader.get_buffer("carried_1")[0] = torch.nan
    after = reader(batch)
    assert after.isfinite().all()
    assert torch.allclose(after[0], fresh(batch)[0])
    assert not torch.allclose(after[1], kept)


def test_lines_need_a_budget_and_a_window():
    with pytest.raises(
        ConfigurationError, match=r"text_batching.budget=0: expected a number, 1 or more"
    ):
        LineByLine(0, 10)
    with pytest.raises(
        ConfigurationError, match=r"text_batching.window=0: expected a number, 1 or more"
    ):
        LineByLine(10, 0)
