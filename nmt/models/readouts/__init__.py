"""From what a decoder has at a place to the vector that predicts the next piece."""
