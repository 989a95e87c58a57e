"""How fast training and translation are on this machine, also in comparison with other programs."""
