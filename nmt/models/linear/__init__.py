"""Matrix products on a CPU: fast ones for training, packed weights for inference."""
