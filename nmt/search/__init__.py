"""Searches: how the most probable translations are found, one file for each answer."""
