"""What becomes of a run that shall go on with other settings than it began with."""
