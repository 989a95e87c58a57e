"""How far back a loss depends on the text: its exact gradients, by position.

With `loss(t) = -log p(w(t+1) | w(1) … w(t))` in nats and `s(t)` the state that a network carries
from position `t` to the next, the gradient `∂loss(t)/∂s(t-k)` is a product of `k` Jacobians, and
its norm over `k` shows whether gradients vanish or explode.

The state is taken whole: of an LSTM `(h, c)`, of several layers all their tensors, of a decoder
that is fed its readout that too. The hidden vector alone would miss what reaches the loss through
the cell, which is the very way in which an LSTM remembers. The tensors are independent variables,
as the next position receives them, so that nothing counts twice: the effect of `c(t)` through
`h(t)` belongs to `h(t)`, and a tensor that stands in a state twice is one variable. A loss does
not read the state of its own position but the readout that was computed before it: distances of
states begin at 1, those of embeddings at 0.

Source: Bengio, Simard and Frasconi 1994, section III; Pascanu, Mikolov and Bengio 2013, section 2.
"""

import abc
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.func import functional_call

from nmt.analysis.gradients.table import BAND, EMBEDDING, STATE, GradientPoint
from nmt.data.special_ids import PADDING
from nmt.models import tree
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.memory import Memory
from nmt.models.translation_model import TranslationModel
from nmt.runtime.errors import ModelError, require

Norms = dict[tuple[str, int], Tensor]
"""The norms of each quantity (STATE or EMBEDDING) at each distance, `[losses]`."""


class Steps(nn.Module, abc.ABC):
    """A network as its steps, in which the embedding of each position can be exchanged.

    Attributes:
        table: name of the embedding's weight among the parameters.
    """

    table: str

    @abc.abstractmethod
    def start(self, rows: int) -> Any:
        """Return the state before BEGIN."""

    @abc.abstractmethod
    def forward(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Read one piece of each row; return the logits of the next one, and the state."""


class LanguageSteps(Steps):
    """The steps of a language model in evaluation mode."""

    table = "network.embedding.weight"

    def __init__(self, network: LanguageNetwork) -> None:
        super().__init__()
        self.network = network

    def start(self, rows: int) -> Any:
        """Return the state before BEGIN."""
        return self.network.start(rows)

    def forward(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Read one piece of each row; return the logits of the next one, and the state."""
        readouts, state = self.network.advance(ids, state)
        return self.network.logits(readouts), state


class DecoderSteps(Steps):
    """The steps of a translation model's decoder, over sources that are encoded once."""

    table = "network.decoder.embedding.weight"

    def __init__(self, network: TranslationModel, source: Int[Tensor, "rows source"]) -> None:
        super().__init__()
        self.network = network
        with torch.no_grad():
            self.memory: Memory = network.encode(source)

    def start(self, rows: int) -> Any:
        """Return the state that the bridge makes of the sources."""
        return self.network.start(self.memory)

    def forward(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Read one piece of each row; return the logits of the next one, and the state."""
        readouts, state = self.network.step(ids, state, self.memory)
        return self.network.logits(readouts), state


class Unrolled:
    """The graph of a network over all positions of some lines, cut at each variable.

    Attributes:
        embedded: for each position the embeddings that were read, `[rows, size]`.
        states: for each position the tensors of the state after it, `[rows, …]`.
        losses: for each position `[rows]`, in nats; 0 where there is no piece to predict.
    """

    def __init__(self, steps: Steps, target: Int[Tensor, "rows bounded"]) -> None:
        """Read all positions; `target` is BEGIN, pieces, END, PADDING."""
        rows = torch.arange(len(target), device=target.device)
        table = steps.get_parameter(steps.table).detach()
        state = steps.start(len(target))
        self.embedded: list[Tensor] = []
        self.states: list[list[Tensor]] = []
        self.losses: list[Tensor] = []
        for ids, labels in zip(target[:, :-1].unbind(1), target[:, 1:].unbind(1), strict=True):
            own = table[ids].requires_grad_()
            # Only the embedding is exchanged: a softmax that shares its table keeps the old one.
            logits, state = functional_call(
                steps, {steps.table: own}, (rows, state), tie_weights=False
            )
            state = tree.apply(_clone_once(), state)
            loss = nn.functional.cross_entropy(
                logits, labels, ignore_index=PADDING, reduction="none"
            )
            self.embedded.append(own)
            self.states.append(_vectors(state))
            self.losses.append(loss)

    def norms(self, position: int, max_distance: int) -> Iterator[tuple[str, int, Tensor]]:
        """Yield quantity, distance and norms `[rows]` of the gradients of one position's loss.

        One backward pass serves all rows, as none depends on another.
        """
        first = max(0, position - max_distance)
        cuts = [
            (EMBEDDING, position - other, [self.embedded[other]])
            for other in range(first, position + 1)
        ]
        cuts += [(STATE, position - other, self.states[other]) for other in range(first, position)]
        variables = [tensor for _, _, tensors in cuts for tensor in tensors]
        gradients = iter(
            torch.autograd.grad(
                self.losses[position].sum(),
                variables,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
        )
        for quantity, distance, tensors in cuts:
            whole = torch.cat([next(gradients).flatten(1) for _ in tensors], dim=1)
            yield quantity, distance, whole.norm(dim=1)


def norms(steps: Steps, target: Int[Tensor, "rows bounded"], max_distance: int) -> Norms:
    """Compute the norms of the gradients of all losses of some lines, those of padding left out.

    Args:
        steps: of a network in evaluation mode; in float64, so that digits do not vanish first.
        target: BEGIN, pieces, END, padded with PADDING.
        max_distance: in positions.

    Raises:
        ConfigurationError: if the greatest distance is below 1.
        ModelError: if the state of the network is anything but vectors.
    """
    require(max_distance >= 1, "distance", max_distance, "1 or more positions")
    unrolled = Unrolled(steps, target)
    collected: dict[tuple[str, int], list[Tensor]] = defaultdict(list)
    for position, labels in enumerate(target[:, 1:].unbind(1)):
        real = labels != PADDING
        for quantity, distance, values in unrolled.norms(position, max_distance):
            collected[quantity, distance].append(values[real].cpu())
    return {key: torch.cat(parts) for key, parts in collected.items()}


def concatenate(parts: Sequence[Norms]) -> Norms:
    """Concatenate the norms of several batches."""
    keys = dict.fromkeys(key for part in parts for key in part)
    return {key: torch.cat([part[key] for part in parts if key in part]) for key in keys}


def points(norms: Norms, quantity: str) -> tuple[GradientPoint, ...]:
    """Return count, mean and percentiles of a quantity's norms, by rising distance."""
    result = []
    for distance in sorted(distance for name, distance in norms if name == quantity):
        values = norms[quantity, distance].double().numpy()
        if len(values):
            low, high = np.percentile(values, BAND).tolist()
            result.append(GradientPoint(distance, len(values), float(values.mean()), low, high))
    return tuple(result)


def _clone_once() -> Callable[[Tensor], Tensor]:
    """Return a function that clones a tensor, and returns the same clone when called again."""
    clones: dict[int, Tensor] = {}
    return lambda tensor: clones.setdefault(id(tensor), tensor.clone())


def _vectors(state: Any) -> list[Tensor]:
    """Return the distinct tensors of a state."""
    tensors = list({id(tensor): tensor for tensor in tree.leaves(state)}.values())
    if not tensors or not all(tensor.is_floating_point() for tensor in tensors):
        raise ModelError(
            "the model carries no vectors from position to position, so that there are no gradients"
            " to follow; take a recurrent one"
        )
    return tensors
