"""Which checkpoints are kept and averaged at the end of a training."""
