"""Output formats of translations, one implementation per module."""
