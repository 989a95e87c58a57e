"""Shortlists: which target pieces a sentence's translation may be made of, one file for each."""
