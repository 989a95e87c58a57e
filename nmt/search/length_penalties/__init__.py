"""How a beam search compares hypotheses of different lengths, one file for each answer."""
