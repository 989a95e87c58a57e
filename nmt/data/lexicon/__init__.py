"""Which target pieces translate which source pieces: learned by IBM model 1, read by shortlists."""
