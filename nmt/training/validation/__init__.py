"""Validation during training.

`translation` and `language_model` compute losses and metrics of a network on held-out text;
`validation` holds their result, and the criteria that turn it into the score of a checkpoint.
"""
