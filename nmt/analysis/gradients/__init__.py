"""Norms of exact gradients by distance: how far back the loss of a recurrent model reaches."""
