"""What `nmt.evaluate` does once the models that it was given are found harmless."""
