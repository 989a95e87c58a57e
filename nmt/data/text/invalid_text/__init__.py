"""What becomes of a line that is not UTF-8, one file for each answer."""
