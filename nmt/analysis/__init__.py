"""Analyses of trained models and of runs, as tables and plots.

`gradients` measures how far back the loss of a recurrent model reaches: `measurement` runs models
over a text, `flow` computes the norms of exact gradients, `table` stores them. `plots` draws
attention, learning curves, gradients, accuracies and scores by length, one plot per module;
importing a plot needs matplotlib.
"""
