"""Resumption of a run: which settings may differ, and what starts anew where they do.

`settings` holds the settings that a run was started with; a `Resumption` (`exact`, `fork`) decides
about those that differ; `resumption.adapted` drops from a training state what they made useless.
"""
