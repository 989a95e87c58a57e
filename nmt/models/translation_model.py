"""Encoder and decoder as one network: `P(target | source)`, piece by piece."""

from collections.abc import Callable
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor, nn

from nmt.data.batch import Batch
from nmt.data.special_ids import PADDING
from nmt.models.decoders.decoder import Decoder
from nmt.models.embeddings import Embedding, OutputColumns, OutputLayer, Tables
from nmt.models.encoders.encoder import Encoder
from nmt.models.memory import Memory, MemorySizes
from nmt.runtime.errors import ModelError


class TranslationModel(nn.Module):
    """Embeds, encodes and decodes.

    Args:
        tables: source embedding, target embedding and output, shared or not.
        encoder: made of the features of embedded pieces.
        decoder: made of (target embedding, output, sizes of the encoder's memories).
    """

    def __init__(
        self,
        tables: Tables,
        encoder: Callable[[int], Encoder],
        decoder: Callable[[Embedding, OutputLayer, MemorySizes], Decoder],
    ) -> None:
        super().__init__()
        self.embedding, target, output = tables
        self.encoder = encoder(self.embedding.size)
        self.decoder = decoder(target, output, self.encoder.sizes)
        self.source_pieces = self.embedding.weight.shape[0]
        self.target_pieces = output.weight.shape[0]

    def encode(self, source: Int[Tensor, "batch source"]) -> Memory:
        """Encode sentences that end in END and are padded with PADDING; keys included."""
        memory = self.encoder(self.embedding(source), source != PADDING)
        return self.decoder.prepare_memory(memory)

    def forward(self, batch: Batch) -> Float[Tensor, "batch target readout"]:
        """Return the readout after each of the batch's inputs."""
        readouts, _ = self.decoder(batch.inputs, self.encode(batch.source))
        return readouts

    def logits(self, readouts: Float[Tensor, "*shape readout"]) -> Float[Tensor, "*shape pieces"]:
        """Compute the logits of the next piece."""
        return self.decoder.logits(readouts)

    def columns(self, ids: Int[Tensor, " choices"]) -> OutputColumns:
        """Return the part of the output layer for these pieces."""
        return self.decoder.output.columns(ids)

    def start(self, memory: Memory) -> Any:
        """Return the decoder's state before the first piece, one row per sentence."""
        return self.decoder.start(memory)

    def step(
        self, ids: Int[Tensor, " rows"], state: Any, memory: Memory
    ) -> tuple[Float[Tensor, "rows readout"], Any]:
        """Read one piece per row and return the readout and the state after it."""
        return self.decoder.step(ids, state, memory)

    def attention_weights(self, batch: Batch) -> Float[Tensor, "batch target source"]:
        """Compute the attention weights at each target position of a batch.

        Raises:
            ModelError: if the decoder has no attention.
        """
        _, weights = self.decoder(batch.inputs, self.encode(batch.source))
        if weights is None:
            raise ModelError(
                f"the decoder {type(self.decoder).__name__} has no attention, so there are no"
                " weights to show; train one with model=parallel"
            )
        return weights
