"""Checks of untrusted files, made before anything in them is used and without importing torch.

A model, an exported model or a run may come from anywhere. `model_folder.inspect` and
`exported_folder.inspect` check such a folder as a whole, `data_config` the corpora that a run
names; each of the other modules checks one kind of file, or one aspect of a configuration. Nothing
is executed, and nothing is read that could block or exhaust memory. Whatever is refused raises
`ModelError`, whose message is one line that names the file. Only `trusted` imports something:
packages that the user trusts.
"""
