"""Metrics of translations, one implementation per module; every value has its signature."""
