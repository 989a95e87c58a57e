"""Handling of lines longer than a model should translate, one implementation per module."""
