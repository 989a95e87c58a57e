"""The recurrent language model, whose state summarises all that it has read."""

from jaxtyping import Float, Int
from torch import Tensor

from nmt.models.embeddings import Embedding, OutputLayer
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.memory import State
from nmt.models.readouts.readout import MakeReadout
from nmt.models.stack import MakeStack
from nmt.runtime.errors import require


class RecurrentLanguageModel(LanguageNetwork):
    """Predicts the next piece from the top one of its recurrent layers.

    `h(t) = cell(E w(t), h(t-1))`, `P(w(t+1) | …) = softmax(V readout(h(t)) + b)`.

    Source: Mikolov et al. 2010, section 2; with LSTM and dropout Zaremba et al. 2014.

    Args:
        embedding: of the pieces that are read.
        output: from readouts to logits; its table may be the embedding's.
        stack: makes layers of (input size, layer numbers).
        readout: made of (features of each part, features of the result).
        layers: number of layers, at least 1.

    Raises:
        ConfigurationError: if there is no layer.
    """

    def __init__(
        self,
        embedding: Embedding,
        output: OutputLayer,
        stack: MakeStack,
        readout: MakeReadout,
        layers: int,
    ) -> None:
        super().__init__(embedding, output)
        require(layers >= 1, "model.layers", layers, "at least 1")
        self.stack = stack(embedding.size, range(1, layers + 1))
        self.readout = readout([self.stack.output_size], output.readout_size)

    def start(self, rows: int) -> tuple[State, ...]:
        """Return the state of each layer: zeros."""
        return self.stack.start(self.embedding.weight.new_empty(rows, 1))

    def read(
        self, ids: Int[Tensor, "rows positions"], state: tuple[State, ...]
    ) -> tuple[Float[Tensor, "rows positions readout"], tuple[State, ...]]:
        """Run each layer over all positions."""
        outputs, state = self.stack.unroll(self.embedding(ids), state)
        return self.readout.dropout(self.readout(outputs)), state

    def advance(
        self, ids: Int[Tensor, " rows"], state: tuple[State, ...]
    ) -> tuple[Float[Tensor, "rows readout"], tuple[State, ...]]:
        """Compute one position."""
        outputs, state = self.stack.step(self.embedding.look_up(ids), state)
        return self.readout(outputs), state
