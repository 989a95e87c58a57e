"""Ways to handle a line that is not UTF-8, one per module; `invalid_text` has their contract."""
