"""In what form translations are written, one file for each answer."""
