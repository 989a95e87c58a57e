"""Scorers (`nmt.search.search.Scorer`) of one model or several, one implementation per module."""
