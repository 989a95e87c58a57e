"""How far back a loss is heard: its exact gradients, place by place, through a network's own steps.

With `loss(t) = -log p(w(t+1) | w(1) … w(t))` in nats and `s(t)` what a network carries from place
`t` to the next, the gradient `∂loss(t)/∂s(t-k)` is a product of `k` Jacobians, and its norm over
`k` says whether gradients vanish or explode.

The state is taken whole: of an LSTM `(h, c)`, of several layers all their tensors, of a decoder
that is fed its readout that too. By the hidden vector alone a gradient would miss what reaches
the loss through the content, which is the very way by which an LSTM remembers. The tensors are
independent variables, as the next place finds them, so that nothing counts twice: what `c(t)`
does through `h(t)` belongs to `h(t)`, and a tensor that stands in a state twice is one variable.
A loss does not read the state of its own place, but the readout that was made on the way:
distances of states begin at 1, those of embeddings at 0.

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
"""By quantity (STATE or EMBEDDING) and distance the norms that were found, one for each loss that
lies so far on."""


class Steps(nn.Module, abc.ABC):
    """A network as what it does at one place, whose embedding can be put in another's place.

    Attributes:
        table: name of the embedding's weight among the parameters.
    """

    table: str

    @abc.abstractmethod
    def start(self, rows: int) -> Any:
        """Give the state before BEGIN."""

    @abc.abstractmethod
    def forward(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Read one piece a row; give the logits of the next one, and the state."""


class LanguageSteps(Steps):
    """Of a language model."""

    table = "network.embedding.weight"

    def __init__(self, network: LanguageNetwork) -> None:
        super().__init__()
        self.network = network

    def start(self, rows: int) -> Any:
        """Give the state before anything is read."""
        return self.network.start(rows)

    def forward(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Advance by a piece a row."""
        readouts, state = self.network.advance(ids, state)
        return self.network.logits(readouts), state


class DecoderSteps(Steps):
    """Of a translation model's decoder; the sources, one a row, stand still."""

    table = "network.decoder.embedding.weight"

    def __init__(self, network: TranslationModel, source: Int[Tensor, "rows source"]) -> None:
        super().__init__()
        self.network = network
        with torch.no_grad():
            self.memory: Memory = network.encode(source)

    def start(self, rows: int) -> Any:
        """Give the state that the bridge makes of the sources."""
        return self.network.start(self.memory)

    def forward(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Take in a piece a row."""
        readouts, state = self.network.step(ids, state, self.memory)
        return self.network.logits(readouts), state


class Unrolled:
    """A network's graph over all places of some lines, with a cut at each thing to derive by.

    Attributes:
        embedded: for each place the table's rows that were read there, a row's own.
        states: for each place what it hands on: tensors `[rows, …]`, independent variables.
        losses: `[rows]` for each place, in nats; 0 where there is no piece to predict.
    """

    def __init__(self, steps: Steps, target: Int[Tensor, "rows bounded"]) -> None:
        """Read all places; `target` is BEGIN, pieces, END, PADDING."""
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
            state = tree.apply(_cut_once(), state)
            loss = nn.functional.cross_entropy(
                logits, labels, ignore_index=PADDING, reduction="none"
            )
            self.embedded.append(own)
            self.states.append(_vectors(state))
            self.losses.append(loss)

    def norms(self, place: int, furthest: int) -> Iterator[tuple[str, int, Tensor]]:
        """Give for each distance a norm a row, of the gradients of one place's loss.

        One backward pass serves all rows, as none depends on another.
        """
        first = max(0, place - furthest)
        cuts = [(EMBEDDING, place - far, [self.embedded[far]]) for far in range(first, place + 1)]
        cuts += [(STATE, place - far, self.states[far]) for far in range(first, place)]
        wanted = [tensor for _, _, tensors in cuts for tensor in tensors]
        found = iter(
            torch.autograd.grad(
                self.losses[place].sum(),
                wanted,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
        )
        for quantity, distance, tensors in cuts:
            whole = torch.cat([next(found).flatten(1) for _ in tensors], dim=1)
            yield quantity, distance, whole.norm(dim=1)


def norms(steps: Steps, target: Int[Tensor, "rows bounded"], furthest: int) -> Norms:
    """Give the norms of the gradients of all losses of some lines, those of padding left out.

    Args:
        steps: of a network at rest; in float64, what vanishes is the gradient and not its digits.
        target: BEGIN, pieces, END, padded with PADDING.
        furthest: the greatest distance, in places.

    Raises:
        ConfigurationError: if the greatest distance is below 1.
        ModelError: if the network carries anything but vectors from place to place.
    """
    require(furthest >= 1, "distance", furthest, "1 or more places")
    unrolled = Unrolled(steps, target)
    collected: dict[tuple[str, int], list[Tensor]] = defaultdict(list)
    for place, labels in enumerate(target[:, 1:].unbind(1)):
        real = labels != PADDING
        for quantity, distance, found in unrolled.norms(place, furthest):
            collected[quantity, distance].append(found[real].cpu())
    return {key: torch.cat(parts) for key, parts in collected.items()}


def together(parts: Sequence[Norms]) -> Norms:
    """Put what was found in several batches into one."""
    keys = dict.fromkeys(key for part in parts for key in part)
    return {key: torch.cat([part[key] for part in parts if key in part]) for key in keys}


def points(found: Norms, quantity: str) -> tuple[GradientPoint, ...]:
    """Give count, mean and percentiles of a quantity's norms, near distances first."""
    result = []
    for distance in sorted(distance for name, distance in found if name == quantity):
        values = found[quantity, distance].double().numpy()
        if len(values):
            low, high = np.percentile(values, BAND).tolist()
            result.append(GradientPoint(distance, len(values), float(values.mean()), low, high))
    return tuple(result)


def _cut_once() -> Callable[[Tensor], Tensor]:
    """Give what makes of each tensor a variable, and of one that is met again the same variable."""
    cuts: dict[int, Tensor] = {}
    return lambda tensor: cuts.setdefault(id(tensor), tensor.clone())


def _vectors(state: Any) -> list[Tensor]:
    """Give the tensors of a state, one that stands in several places once."""
    tensors = list({id(tensor): tensor for tensor in tree.leaves(state)}.values())
    if not tensors or not all(tensor.is_floating_point() for tensor in tensors):
        raise ModelError(
            "the model carries no vectors from place to place, so that there are no gradients to"
            " follow; take a recurrent one"
        )
    return tensors
