"""What is done with lines longer than the model can take, one file for each answer."""
