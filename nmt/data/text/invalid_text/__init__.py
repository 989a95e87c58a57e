"""Ways to handle a line that is not UTF-8, one a module; `invalid_text` has their contract."""
