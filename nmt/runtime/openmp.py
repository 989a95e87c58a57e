"""How threads that compute wait for each other; set before torch is loaded, which reads it once.

torch's builds for Linux bring GNU's OpenMP (`torch/lib/libgomp.so.1`), as does gcc's own. Its
threads spin for milliseconds before they sleep. On a machine that does something else too, a thread
then spins on the core that the one it waits for needs, and each product takes a time slice of the
system.
"""

from collections.abc import MutableMapping

SPIN_COUNT = "10000"
"""Rounds of GNU's OpenMP before a thread sleeps: some microseconds, in which a thread that has a
core of its own ends its part of a product."""

CHOICES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")
"""Variables by which users choose the waiting, of GNU's OpenMP and of LLVM's and Intel's."""


def limit_spinning(environment: MutableMapping[str, str]) -> None:
    """Set that waiting threads sleep soon, unless the user has chosen how they wait.

    Args:
        environment: of this process, which its children inherit.
    """
    if not any(name in environment for name in CHOICES):
        environment["GOMP_SPINCOUNT"] = SPIN_COUNT
