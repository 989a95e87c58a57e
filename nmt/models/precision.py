"""The floating-point format in which a network computes; it is always saved in float32."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch

from nmt.models.linear.packed import NetworkT, pack
from nmt.runtime.errors import ConfigurationError


@runtime_checkable
class Precision(Protocol):
    """A format to compute in."""

    def name(self, device: torch.device) -> str:
        """Return the name of the format on this device, for the log."""
        ...

    def autocast(self, device: torch.device) -> AbstractContextManager[None]:
        """Return the context in which the network and its loss are computed on this device."""
        ...

    def pack(self, network: NetworkT, device: torch.device) -> NetworkT:
        """Prepare a network in evaluation mode for inference in this format; it is changed."""
        ...


@dataclass(frozen=True)
class Float32Precision:
    """Single precision everywhere."""

    def name(self, device: torch.device) -> str:
        """Return the name of the format."""
        return "float32"

    def autocast(self, device: torch.device) -> AbstractContextManager[None]:
        """Return a context that changes nothing."""
        return nullcontext()

    def pack(self, network: NetworkT, device: torch.device) -> NetworkT:
        """Lay the weights out for products, without loss."""
        return pack(network, torch.float32)


@dataclass(frozen=True)
class BFloat16Precision:
    """Matrix products and recurrent layers in bfloat16, sums and losses in float32."""

    def name(self, device: torch.device) -> str:
        """Return the name of the format."""
        return "bfloat16"

    def autocast(self, device: torch.device) -> AbstractContextManager[None]:
        """Return torch's autocast context.

        Raises:
            ConfigurationError: if the device has no such instructions (where nn.LSTM would fail
                under autocast, deep inside torch).
        """
        _require_bfloat16(device)
        return torch.autocast(device.type, dtype=torch.bfloat16)

    def pack(self, network: NetworkT, device: torch.device) -> NetworkT:
        """Round the weights once, and lay them out for products.

        Raises:
            ConfigurationError: if the device has no such instructions.
        """
        _require_bfloat16(device)
        return pack(network, torch.bfloat16)


@dataclass(frozen=True)
class AutomaticPrecision:
    """bfloat16 where the device has instructions for it, float32 elsewhere."""

    def resolve(self, device: torch.device) -> Precision:
        """Return the precision of this device."""
        return BFloat16Precision() if has_bfloat16(device) else Float32Precision()

    def name(self, device: torch.device) -> str:
        """Return the name of the format on this device."""
        return self.resolve(device).name(device)

    def autocast(self, device: torch.device) -> AbstractContextManager[None]:
        """Return the context of the format on this device."""
        return self.resolve(device).autocast(device)

    def pack(self, network: NetworkT, device: torch.device) -> NetworkT:
        """Lay the weights out in the format of this device."""
        return self.resolve(device).pack(network, device)


def _require_bfloat16(device: torch.device) -> None:
    if not has_bfloat16(device):
        raise ConfigurationError(
            f"precision=bfloat16, but this {device.type} has no bfloat16 instructions; "
            "use precision=auto or precision=float32"
        )


def has_bfloat16(device: torch.device) -> bool:
    """Return whether the device computes in bfloat16 faster than in float32, by its flags.

    On a CPU these are AVX512_BF16 and AMX_BF16, as torch reports them; AVX-512 alone does not
    count, since bfloat16 is emulated there and slower than float32.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    flags = torch.cpu.get_capabilities()
    return any(flags[name] for name in ("avx512_bf16", "amx_bf16") if name in flags)
