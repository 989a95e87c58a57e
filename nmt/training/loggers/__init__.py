"""Where a training's numbers go, for persons and for programs."""
