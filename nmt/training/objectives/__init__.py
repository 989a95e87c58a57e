"""Training objectives: one implementation of the contract in `objective` per module."""
