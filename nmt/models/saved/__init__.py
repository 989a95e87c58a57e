"""Folders of saved models: weights, configuration, vocabulary, scores; nothing pickled."""
