"""Norms of gradients by distance: measured through a network's own steps, kept in a table."""
