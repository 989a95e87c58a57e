"""From arguments to objects: a configuration is composed by Hydra, its objects by constructors.

YAML holds every value, constructors every name and type. `command_line.run` runs a command,
`command_line.configuration` composes a configuration from `KEY=VALUE`, after checking it by name
and by type; `instantiate` builds the object that a node describes. `search_path` knows the folders
of configurations, `usage` writes `--help`, `arguments` reads values that name files and folders.
Nothing here imports torch.
"""
