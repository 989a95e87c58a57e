"""Plots of models and runs (`plot.Plot`), one implementation per module."""
