"""An n-gram model as a language model that looks up many rows and positions at once."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import PADDING
from nmt.models.language_models.ngrams.tables import NGramTables
from nmt.runtime.errors import ModelError

KEYS, LOG_PROBABILITIES, BACKOFFS = "keys", "log_probabilities", "backoffs"
"""Names of stored tensors, each followed by a dot and the order."""

State = Int[Tensor, "rows read"]
"""The last order - 1 pieces that were read; PADDING before BEGIN."""


class NGramLanguageModel:
    """Looks up the longest known n-gram, and a back-off for each longer context.

    It is no network and has no gradients; the numbers are single precision, in nats.

    Args:
        tables: of any smoothing.
    """

    def __init__(self, tables: NGramTables) -> None:
        self.pieces = tables.pieces
        self.order = tables.order
        # One entry more than the tables: a search for any key then ends inside, and row -1, that
        # of unknown n-grams, has a back-off of 0.
        last = np.iinfo(np.int64).max
        self._keys = [torch.from_numpy(np.append(keys, last)) for keys in tables.keys]
        self._log_probabilities = [_numbers(table) for table in tables.log_probabilities]
        self._backoffs = [_numbers(table) for table in tables.backoffs]

    @property
    def weights(self) -> int:
        """Return the number of stored log-probabilities and back-offs."""
        return sum(len(table) - 1 for table in [*self._log_probabilities, *self._backoffs])

    def start(self, rows: int) -> State:
        """Return the state before BEGIN."""
        return torch.full((rows, self.order - 1), PADDING, dtype=torch.int64)

    def step(
        self, ids: Int[Tensor, " rows"], state: State
    ) -> tuple[Float[Tensor, "rows pieces"], State]:
        """Read one piece per row, BEGIN first; return log-probabilities of the next, in nats.

        Those of longer contexts overwrite those of shorter ones.
        """
        read = torch.cat([state, ids.cpu().unsqueeze(1)], dim=1)[:, 1:]
        result = self._log_probabilities[0][:-1].repeat(len(ids), 1)
        for length, starts in enumerate(self._rows(read, self.order - 1), start=1):
            contexts = starts[:, -1]
            result += self._backoffs[length - 1][contexts].unsqueeze(1)
            self._fill(result, contexts, length)
        return result.to(ids.device), read

    def log_probabilities(
        self, target: Int[Tensor, "batch bounded"]
    ) -> Float[Tensor, "batch target"]:
        """Compute the log-probability of each of `target[:, 1:]`, in nats; 0 for PADDING.

        Args:
            target: BEGIN, pieces, END, padded with PADDING.
        """
        device, target = target.device, target.cpu()
        labels = target[:, 1:]
        result = self._log_probabilities[0][labels]
        rows = self._rows(target, self.order)
        for length in range(1, self.order):
            contexts, ngrams = rows[length - 1][:, :-1], rows[length]
            shorter = result[:, length - 1 :] + self._backoffs[length - 1][contexts]
            longer = self._log_probabilities[length][ngrams]
            result[:, length - 1 :] = torch.where(ngrams >= 0, longer, shorter)
        return result.masked_fill(labels == PADDING, 0).to(device)

    def tables(self) -> NGramTables:
        """Return the tables in single precision."""
        stored = (self._keys, self._log_probabilities, self._backoffs)
        return NGramTables(
            self.pieces, *(tuple(table[:-1].numpy() for table in tables) for tables in stored)
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the tables as named tensors, for `from_tensors`."""
        named = {KEYS: self._keys, LOG_PROBABILITIES: self._log_probabilities}
        return {
            f"{name}.{order}": table[:-1].clone()
            for name, tables in {**named, BACKOFFS: self._backoffs}.items()
            for order, table in enumerate(tables, start=1)
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], pieces: int) -> "NGramLanguageModel":
        """Build the model whose `tensors` were stored.

        Args:
            tensors: possibly of a damaged file.
            pieces: size of the vocabulary.

        Raises:
            ModelError: if they are no n-gram model over that many pieces.
        """
        order = sum(name.startswith(f"{LOG_PROBABILITIES}.") for name in tensors)
        orders = {KEYS: order, LOG_PROBABILITIES: order, BACKOFFS: order - 1}
        stored: dict[str, list[np.ndarray]] = {}
        for name, count in orders.items():
            dtype = torch.int64 if name == KEYS else torch.float32
            stored[name] = [_checked(tensors, f"{name}.{n}", dtype) for n in range(1, count + 1)]
        if len(tensors) != sum(map(len, stored.values())):
            raise ModelError(
                f"an n-gram model of order {order} does not have {len(tensors)} tables"
            )
        tables = NGramTables(pieces, *(tuple(stored[name]) for name in orders))
        tables.check()
        return cls(tables)

    def _rows(self, ids: Int[Tensor, "rows positions"], longest: int) -> list[Tensor]:
        """Return, for each length, the rows of the n-grams that start at each position, or -1."""
        rows = [ids][:longest]
        for length in range(2, longest + 1):
            wanted = rows[-1][:, :-1] * self.pieces + ids[:, length - 1 :]
            keys = self._keys[length - 1]
            indices = torch.searchsorted(keys, wanted)
            rows.append(torch.where(keys[indices] == wanted, indices, -1))
        return rows

    def _fill(
        self, result: Float[Tensor, "rows pieces"], contexts: Int[Tensor, " rows"], length: int
    ) -> None:
        """Overwrite the pieces that continue each row's context of `length` pieces."""
        keys = self._keys[length]
        least = contexts * self.pieces
        first, end = torch.searchsorted(keys, torch.stack([least, least + self.pieces]))
        counts = end - first
        rows = torch.arange(len(contexts)).repeat_interleave(counts)
        entries = torch.arange(len(rows)) + (first - counts.cumsum(0) + counts)[rows]
        result[rows, keys[entries] - least[rows]] = self._log_probabilities[length][entries]


def _numbers(table: np.ndarray) -> Float[Tensor, " entries"]:
    return torch.from_numpy(np.append(table, 0).astype(np.float32))


def _checked(tensors: Mapping[str, Tensor], name: str, dtype: torch.dtype) -> np.ndarray:
    tensor = tensors.get(name)
    if tensor is None:
        raise ModelError(f"the n-gram model lacks {name}")
    if tensor.dtype != dtype or tensor.dim() != 1:
        raise ModelError(
            f"{name} is {tensor.dtype} with {tensor.dim()} axes, expected {dtype} with 1"
        )
    return tensor.cpu().numpy()
