"""The learning rate of each update."""
