"""Scorers: what a search asks for the next piece, be it one model or several, one file for each."""
