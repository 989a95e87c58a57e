"""The learning rate of each update: one schedule a module."""
