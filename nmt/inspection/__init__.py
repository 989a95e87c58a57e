"""Checks of untrusted files, made before anything in them is used and without importing torch.

A model, an exported model or a prepared folder may come from anywhere. `model_folder` and
`exported_folder` check such a folder as a whole; the other modules check one kind of file each.
What is refused raises `ModelError`, in one line that names the file.
"""
