"""How fast training and translation are on this machine, also in comparison with other programs."""

import nmt  # noqa: F401  # before torch, for the waiting of its threads (nmt.runtime.openmp)
