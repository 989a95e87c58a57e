"""An n-gram model as a language model: many rows and places looked up at once."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import PADDING
from nmt.models.language_models.ngrams.tables import NGramTables
from nmt.runtime.errors import ModelError

KEYS, LOG_PROBABILITIES, BACKOFFS = "keys", "log_probabilities", "backoffs"
"""Names of stored tensors, before a point and the order."""

State = Int[Tensor, "rows read"]
"""The last pieces read, order - 1 of them; PADDING where nothing was read yet."""


class NGramLanguageModel:
    """Gives the probability that the longest known n-gram has, and a back-off for each shorter.

    It has no gradients and is no network; the numbers are single precision, in nats.

    Args:
        tables: of any smoothing.
    """

    def __init__(self, tables: NGramTables) -> None:
        self.pieces = tables.pieces
        self.order = tables.order
        # One entry more than the tables have: a search for any n-gram ends within, and row -1,
        # which is no n-gram's, has a back-off of 0.
        last = np.iinfo(np.int64).max
        self._keys = [torch.from_numpy(np.append(keys, last)) for keys in tables.keys]
        self._log_probabilities = [_numbers(table) for table in tables.log_probabilities]
        self._backoffs = [_numbers(table) for table in tables.backoffs]

    @property
    def weights(self) -> int:
        """Give how many numbers are stored, log-probabilities and back-offs."""
        return sum(len(table) - 1 for table in [*self._log_probabilities, *self._backoffs])

    def start(self, rows: int) -> State:
        """Give the state before BEGIN."""
        return torch.full((rows, self.order - 1), PADDING, dtype=torch.int64)

    def step(
        self, ids: Int[Tensor, " rows"], state: State
    ) -> tuple[Float[Tensor, "rows pieces"], State]:
        """Read one piece a row; give the log-probabilities of the next, and the state.

        They are filled in from the shortest context to the longest, each over the last.
        """
        read = torch.cat([state, ids.cpu().unsqueeze(1)], dim=1)[:, 1:]
        result = self._log_probabilities[0][:-1].repeat(len(ids), 1)
        for length, places in enumerate(self._rows(read, self.order - 1), start=1):
            rows = places[:, -1]
            result += self._backoffs[length - 1][rows].unsqueeze(1)
            self._fill(result, rows, length)
        return result.to(ids.device), read

    def log_probabilities(
        self, target: Int[Tensor, "batch bounded"]
    ) -> Float[Tensor, "batch target"]:
        """Give the log-probability of each piece after the first, given all before it.

        Args:
            target: BEGIN, pieces, END, then PADDING, whose log-probabilities are 0.
        """
        device, target = target.device, target.cpu()
        labels = target[:, 1:]
        result = self._log_probabilities[0][labels]
        found = self._rows(target, self.order)
        for length in range(1, self.order):
            contexts, ngrams = found[length - 1][:, :-1], found[length]
            shorter = result[:, length - 1 :] + self._backoffs[length - 1][contexts]
            longer = self._log_probabilities[length][ngrams]
            result[:, length - 1 :] = torch.where(ngrams >= 0, longer, shorter)
        return result.masked_fill(labels == PADDING, 0).to(device)

    def tables(self) -> NGramTables:
        """Give the tables that it was made of, in single precision."""
        stored = (self._keys, self._log_probabilities, self._backoffs)
        return NGramTables(
            self.pieces, *(tuple(table[:-1].numpy() for table in tables) for tables in stored)
        )

    def tensors(self) -> dict[str, Tensor]:
        """Give what `from_tensors` takes, under names that say table and order."""
        named = {KEYS: self._keys, LOG_PROBABILITIES: self._log_probabilities}
        return {
            f"{name}.{order}": table[:-1].clone()
            for name, tables in {**named, BACKOFFS: self._backoffs}.items()
            for order, table in enumerate(tables, start=1)
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], pieces: int) -> "NGramLanguageModel":
        """Make the model of which `tensors` were stored.

        Args:
            tensors: may come from a damaged file.
            pieces: size of the vocabulary.

        Raises:
            ModelError: if they are no n-gram model over that many pieces.
        """
        order = sum(name.startswith(f"{LOG_PROBABILITIES}.") for name in tensors)
        longest = {KEYS: order, LOG_PROBABILITIES: order, BACKOFFS: order - 1}
        tables: dict[str, list[np.ndarray]] = {}
        for name, count in longest.items():
            wanted = torch.int64 if name == KEYS else torch.float32
            tables[name] = [_checked(tensors, f"{name}.{n}", wanted) for n in range(1, count + 1)]
        if len(tensors) != sum(map(len, tables.values())):
            raise ModelError(
                f"an n-gram model of order {order} does not have {len(tensors)} tables"
            )
        made = NGramTables(pieces, *(tuple(tables[name]) for name in longest))
        made.check()
        return cls(made)

    def _rows(self, ids: Int[Tensor, "rows places"], longest: int) -> list[Tensor]:
        """Give for each length the rows of the n-grams that start at each place, -1 if unknown."""
        found = [ids][:longest]
        for length in range(2, longest + 1):
            wanted = found[-1][:, :-1] * self.pieces + ids[:, length - 1 :]
            keys = self._keys[length - 1]
            places = torch.searchsorted(keys, wanted)
            found.append(torch.where(keys[places] == wanted, places, -1))
        return found

    def _fill(
        self, result: Float[Tensor, "rows pieces"], contexts: Int[Tensor, " rows"], length: int
    ) -> None:
        """Put in the n-grams that continue each row's context of that length."""
        keys = self._keys[length]
        least = contexts * self.pieces
        first, end = torch.searchsorted(keys, torch.stack([least, least + self.pieces]))
        counts = end - first
        rows = torch.arange(len(contexts)).repeat_interleave(counts)
        entries = torch.arange(len(rows)) + (first - counts.cumsum(0) + counts)[rows]
        result[rows, keys[entries] - least[rows]] = self._log_probabilities[length][entries]


def _numbers(table: np.ndarray) -> Float[Tensor, " entries"]:
    return torch.from_numpy(np.append(table, 0).astype(np.float32))


def _checked(tensors: Mapping[str, Tensor], name: str, wanted: torch.dtype) -> np.ndarray:
    tensor = tensors.get(name)
    if tensor is None:
        raise ModelError(f"the n-gram model lacks {name}")
    if tensor.dtype != wanted or tensor.dim() != 1:
        raise ModelError(
            f"{name} is {tensor.dtype} with {tensor.dim()} axes, expected {wanted} with 1"
        )
    return tensor.cpu().numpy()
