"""What runs a model: one file for each answer to what `nmt.translate` computes with."""
