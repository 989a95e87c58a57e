import torch

from nmt.models import log_probabilities


def test_log_probabilities_in_slices_equal_those_at_once(monkeypatch):
    torch.manual_seed(1)
    table, readouts = torch.randn(9, 4), torch.randn(7, 4, dtype=torch.float32)
    labels = torch.randint(9, (7,))
    whole = (readouts @ table.T).log_softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1)
    for size in (1, 3, 7, 100):
        monkeypatch.setattr(log_probabilities, "SLICE_POSITIONS", size)
        result = log_probabilities.log_probabilities(lambda part: part @ table.T, readouts, labels)
        assert torch.allclose(result, whole, atol=1e-6)
    assert log_probabilities.log_probabilities(
        lambda part: part @ table.T, readouts[:0], labels[:0]
    ).shape == (0,)


def test_bfloat16_is_computed_in_float32_and_float64_stays():
    table = torch.randn(9, 4)
    for dtype, wide in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        readouts = torch.randn(3, 4, dtype=dtype)
        result = log_probabilities.log_probabilities(
            lambda part, dtype=dtype: part @ table.T.to(dtype), readouts, torch.tensor([1, 2, 3])
        )
        assert torch.promote_types(result.dtype, dtype) == wide
