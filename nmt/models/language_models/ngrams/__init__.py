"""How often pieces follow each other: n-grams counted, weighed, and exchanged as ARPA files."""
