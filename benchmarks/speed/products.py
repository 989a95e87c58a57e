"""The operations of a network's matrix products, and how fast the machine computes them."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from nmt.models.linear.training import product
from nmt.models.translation_model import TranslationModel

Multiply = Callable[[Tensor, Tensor], Tensor]
"""Returns `left · rightᵀ`."""

LIBRARIES: dict[str, Multiply] = {"torch": nn.functional.linear, "oneDNN": product}
"""Matrix products: by the linear layer of torch, and by oneDNN if this torch has it."""

BACKWARD = 3
"""Products in training per product of the forward pass: the backward pass has two for each."""


@dataclass(frozen=True)
class Products:
    """Multiplications of a network's matrix products.

    Attributes:
        source: per source piece: encoder, keys of the attention.
        target: per target piece: decoder, queries of the attention, readout, logits.
        sentence: per sentence: bridge.
        attended: per pair of a target and a source piece: features of a key and a value.
    """

    source: int
    target: int
    sentence: int
    attended: int

    @classmethod
    def of(cls, network: TranslationModel) -> "Products":
        """Count those of a network; embeddings are looked up, not multiplied."""
        looked_up = {id(network.embedding.weight), id(network.decoder.embedding.weight)}
        sums = {"source": 0, "target": network.decoder.output.weight.numel(), "sentence": 0}
        looked_up.add(id(network.decoder.output.weight))
        for name, weight in network.named_parameters():
            if weight.dim() >= 2 and id(weight) not in looked_up:
                sums[_multiplied_by(name)] += weight.numel()
        attends = any(name.startswith("decoder.attention.") for name, _ in network.named_modules())
        attends = attends or hasattr(network.decoder, "attention")
        attended = 2 * network.encoder.sizes.value if attends else 0
        return cls(**sums, attended=attended)

    def forward(self, source_pieces: float, target_pieces: float) -> float:
        """Return the operations per target piece, given the mean lengths of sentences."""
        ratio = source_pieces / target_pieces
        sentence = self.sentence / target_pieces
        return 2 * (self.target + ratio * self.source + sentence + source_pieces * self.attended)

    def formula(self, source_pieces: float, target_pieces: float) -> str:
        """Return the formula with its numbers, in millions of operations."""
        forward = self.forward(source_pieces, target_pieces)
        return (
            f"2 x (target {self.target:,} + {source_pieces:.1f}/{target_pieces:.1f} x source "
            f"{self.source:,} + sentence {self.sentence:,}/{target_pieces:.1f} + "
            f"{source_pieces:.1f} x attended {self.attended:,}) = {forward / 1e6:.2f} MFLOP per "
            f"target piece forward, x {BACKWARD} = {BACKWARD * forward / 1e6:.2f} in training"
        )

    def numbers(self) -> dict[str, int]:
        """Return the numbers by name."""
        return asdict(self)


def _multiplied_by(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "encoder":
        return "source"
    if "bridge" in parts:
        return "sentence"
    return "source" if "attention" in parts and "query" not in parts else "target"


def largest(network: nn.Module, positions: int) -> list[tuple[int, int, int]]:
    """Return the three largest products of a network, as (positions, inputs, outputs)."""
    shapes = {tuple(one.shape) for one in network.parameters() if one.dim() == 2}
    ordered = sorted(shapes, key=lambda shape: -shape[0] * shape[1])
    return [(positions, shape[1], shape[0]) for shape in ordered[:3]]


def rate(
    shape: tuple[int, int, int], kind: torch.dtype, seconds: float, multiply: Multiply
) -> tuple[float, float]:
    """Multiply matrices for a time; return operations per second, and per processor second.

    The product is that of a linear layer: positions x inputs by the transpose of outputs x inputs.
    By the clock, only the faster half counts, as disturbances can only slow it down.
    """
    positions, inputs, outputs = shape
    left = torch.randn(positions, inputs).to(kind)
    right = torch.randn(outputs, inputs).to(kind)
    operations = 2.0 * positions * inputs * outputs
    durations: list[float] = []
    with torch.inference_mode():
        multiply(left, right)
        before, end = time.process_time(), time.perf_counter() + seconds
        while time.perf_counter() < end or len(durations) < 3:
            started = time.perf_counter()
            multiply(left, right)
            durations.append(time.perf_counter() - started)
    used = time.process_time() - before
    faster = sorted(durations)[: (len(durations) + 1) // 2]
    return operations * len(faster) / sum(faster), operations * len(durations) / used
