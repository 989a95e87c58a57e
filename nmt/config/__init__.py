"""From the command line to objects: words and overrides, YAML, constructors.

`command_line.run` is how every command starts; `overrides` reads `KEY=VALUE`; `instantiate` makes
the object that a node of the configuration describes, its values checked against the constructor.
"""
