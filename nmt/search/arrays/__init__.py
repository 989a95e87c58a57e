"""Searches over numpy arrays, for engines without torch: the same translations as `nmt.search`."""
