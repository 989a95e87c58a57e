"""How long a model remembers: text whose last noun is said only at its beginning, and the test."""
