"""Which target pieces translate which source pieces: `TranslationLexicon`, by IBM model 1.

A preparation learns it from the training pairs; shortlists of a search read it.
"""
