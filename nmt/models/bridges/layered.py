"""The bridge between an encoder and a decoder of the same layers."""

from nmt.models.bridges.bridge import Bridge
from nmt.models.memory import Memory, MemorySizes, Sizes, State
from nmt.runtime.errors import ConfigurationError


class LayeredBridge(Bridge):
    """Starts each decoder layer from the final state of the encoder layer of the same number.

    Source: Sutskever, Vinyals and Le 2014, section 2.

    Args:
        sizes: of the encoder's memories.
        state_sizes: of the decoder's states.

    Raises:
        ConfigurationError: if their layers or sizes differ.
    """

    def __init__(self, sizes: MemorySizes, state_sizes: Sizes) -> None:
        super().__init__()
        if sizes.final != state_sizes:
            raise ConfigurationError(
                "model/bridge=layered starts each decoder layer from the encoder layer of its"
                f" number, but the encoder ends with states of {_listed(sizes.final)} features and"
                f" the decoder starts from {_listed(state_sizes)}, layer by layer; make"
                " cells, layers and hidden_size of both the same or use model/bridge=projected"
            )

    def forward(self, memory: Memory) -> tuple[State, ...]:
        """Return the final states."""
        return memory.final


def _listed(sizes: Sizes) -> str:
    return ", ".join("+".join(map(str, layer)) for layer in sizes)
