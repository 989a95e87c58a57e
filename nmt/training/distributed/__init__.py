"""Several processes that train as one: how they start, and what they exchange."""
