"""Lines of text in and out: files, standard streams, and lines that are not UTF-8."""
