"""Drawing at random how text is cut into pieces: one kind of pieces a file."""
