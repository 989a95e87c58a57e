"""What a network's matrix products cost, by formula, and how fast the machine multiplies."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from nmt.models.linear.training import product
from nmt.models.translation_model import TranslationModel

Multiply = Callable[[Tensor, Tensor], Tensor]
"""Gives `left · rightᵀ`."""

LIBRARIES: dict[str, Multiply] = {"torch": nn.functional.linear, "oneDNN": product}
"""Who multiplies: the linear layer of torch, and oneDNN where this torch has it."""

BACKWARD = 3
"""A training's products by those of its forward pass: the backward pass has two for each."""


@dataclass(frozen=True)
class Products:
    """Numbers of a network that are multiplied and added, each once a place or a sentence.

    Attributes:
        source: entries of the matrices that each source piece meets: encoder, attention's keys.
        target: those of each target piece: decoder, attention's queries, readout, logits.
        sentence: those of each sentence: the bridge.
        attended: features of a key and a value, which each pair of a target and a source piece of
            a sentence meets.
    """

    source: int
    target: int
    sentence: int
    attended: int

    @classmethod
    def of(cls, network: TranslationModel) -> "Products":
        """Sort the matrices of a network; embeddings are looked up, not multiplied."""
        looked_up = {id(network.embedding.weight), id(network.decoder.embedding.weight)}
        sums = {"source": 0, "target": network.decoder.output.weight.numel(), "sentence": 0}
        looked_up.add(id(network.decoder.output.weight))
        for name, weight in network.named_parameters():
            if weight.dim() >= 2 and id(weight) not in looked_up:
                sums[_met_by(name)] += weight.numel()
        attends = any(name.startswith("decoder.attention.") for name, _ in network.named_modules())
        attends = attends or hasattr(network.decoder, "attention")
        attended = 2 * network.encoder.sizes.value if attends else 0
        return cls(**sums, attended=attended)

    def forward(self, source_pieces: float, target_pieces: float) -> float:
        """Give the operations a target piece of a sentence with so many pieces (means)."""
        ratio = source_pieces / target_pieces
        sentence = self.sentence / target_pieces
        return 2 * (self.target + ratio * self.source + sentence + source_pieces * self.attended)

    def formula(self, source_pieces: float, target_pieces: float) -> str:
        """Say the formula with its numbers, in millions of operations."""
        forward = self.forward(source_pieces, target_pieces)
        return (
            f"2 x (target {self.target:,} + {source_pieces:.1f}/{target_pieces:.1f} x source "
            f"{self.source:,} + sentence {self.sentence:,}/{target_pieces:.1f} + "
            f"{source_pieces:.1f} x attended {self.attended:,}) = {forward / 1e6:.2f} MFLOP a "
            f"target piece forward, x {BACKWARD} = {BACKWARD * forward / 1e6:.2f} in training"
        )

    def numbers(self) -> dict[str, int]:
        """Give them by name."""
        return asdict(self)


def _met_by(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "encoder":
        return "source"
    if "bridge" in parts:
        return "sentence"
    return "source" if "attention" in parts and "query" not in parts else "target"


def largest(network: nn.Module, places: int) -> list[tuple[int, int, int]]:
    """Give the largest products of a network, three at most, as (places, inputs, outputs)."""
    shapes = {tuple(one.shape) for one in network.parameters() if one.dim() == 2}
    ordered = sorted(shapes, key=lambda shape: -shape[0] * shape[1])
    return [(places, shape[1], shape[0]) for shape in ordered[:3]]


def rate(
    shape: tuple[int, int, int], kind: torch.dtype, seconds: float, multiply: Multiply
) -> tuple[float, float]:
    """Multiply matrices for a while; give operations a second, and a second of processors.

    As a linear layer does, whatever is fused around it: places x inputs by the transpose of
    outputs x inputs. By the clock the faster half counts, as what disturbs only makes slower.
    """
    places, inputs, outputs = shape
    left = torch.randn(places, inputs).to(kind)
    right = torch.randn(outputs, inputs).to(kind)
    operations = 2.0 * places * inputs * outputs
    took: list[float] = []
    with torch.inference_mode():
        multiply(left, right)
        before, end = time.process_time(), time.perf_counter() + seconds
        while time.perf_counter() < end or len(took) < 3:
            began = time.perf_counter()
            multiply(left, right)
            took.append(time.perf_counter() - began)
    used = time.process_time() - before
    faster = sorted(took)[: (len(took) + 1) // 2]
    return operations * len(faster) / sum(faster), operations * len(took) / used
